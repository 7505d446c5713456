package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelPreference;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Resolves the names in requests against the {@link Inventory}. What the VMs of a job have in common is resolved once
 * for as long as they follow closely on each other. Belongs to one thread.
 */
final class Resolver {
    private static final int LATELY = 64; // a power of two; few enough to be found in the processor's cache

    private final HostTable hosts;
    private final Jobs jobs;
    private final Demands demands;
    private final Consumer<String> labelUse;
    private final int startsInFlightMax;
    private final Reserve reserve;
    private final @Nullable Resolved[] lately = new Resolved[LATELY]; // by hash of the job
    private @Nullable Resolved last;

    /** What a job's VMs of one shape have in common. */
    private record Resolved(JobKey job, VmShape shape, PlacementRules rules, JobAsk ask) {
        /** Whether it is of the very job that the request is from. */
        boolean isFrom(PlacementRequest request) {
            return job == request.job() && shape == request.shape() && rules == request.rules();
        }

        boolean isOf(PlacementRequest request) {
            return job.equals(request.job())
                    && (shape == request.shape() || shape.equals(request.shape()))
                    && (rules == request.rules() || rules.equals(request.rules()));
        }
    }

    /**
     * @param sizing what a VM of a shape holds of its host
     * @param labelUse told of each label that a request looks at, before anything is decided by it
     * @param startsInFlightMax instances that a host may be starting at once; 0: any number
     */
    Resolver(
            HostTable hosts,
            Jobs jobs,
            Function<VmShape, Reservation> sizing,
            Consumer<String> labelUse,
            int startsInFlightMax,
            Reserve reserve) {
        this.hosts = hosts;
        this.jobs = jobs;
        demands = new Demands(hosts, sizing);
        this.labelUse = labelUse;
        this.startsInFlightMax = startsInFlightMax;
        this.reserve = reserve;
    }

    Ask ask(PlacementRequest request) {
        return new Ask(
                request.vmId(),
                request.priority(),
                resolve(request),
                request.ordinal(),
                request.jobSize(),
                host(request.boundToHost()),
                request.boundToHost(),
                request.boundDisk(),
                host(request.preferredHost()),
                request.avoidedHosts(),
                startsInFlightMax,
                request.restartable(),
                request.returning(),
                HostTable.UNKNOWN,
                reserve);
    }

    Ask ask(InstanceView instance) {
        useLabels(instance.rules());
        return new Ask(
                instance.vmId(),
                instance.priority(),
                new JobAsk(
                        demands.of(instance.shape(), instance.held().on(List.of()), instance.rules()),
                        jobs.terms(jobs.members(instance.job()), instance.rules())),
                instance.ordinal(),
                instance.jobSize(),
                HostTable.UNKNOWN,
                Optional.empty(),
                "",
                HostTable.UNKNOWN,
                Set.of(),
                0,
                instance.restartable(),
                true,
                host(instance.backupHost()),
                reserve);
    }

    private JobAsk resolve(PlacementRequest request) {
        Resolved known = last;
        if (known == null || !known.isFrom(request) || known.ask().demand().isStale(hosts)) {
            known = resolveJob(request);
            last = known;
        }
        return known.ask();
    }

    private Resolved resolveJob(PlacementRequest request) {
        int hash = request.job().hashCode();
        int slot = (hash ^ (hash >>> 16)) & (LATELY - 1);
        Resolved known = lately[slot];
        if (known == null || !known.isOf(request) || known.ask().demand().isStale(hosts)) {
            useLabels(request.rules());
            known = new Resolved(
                    request.job(),
                    request.shape(),
                    request.rules(),
                    new JobAsk(
                            demands.of(request.shape(), request.rules()),
                            jobs.terms(jobs.members(request.job()), request.rules())));
            lately[slot] = known;
        }
        return known;
    }

    private void useLabels(PlacementRules rules) {
        for (LabelRequirement requirement : rules.require()) {
            labelUse.accept(requirement.label());
        }
        for (LabelPreference preference : rules.prefer()) {
            labelUse.accept(preference.label());
        }
    }

    private int host(Optional<String> id) {
        return id.isPresent() ? hosts.hostIndex(id.get()) : HostTable.UNKNOWN;
    }
}
