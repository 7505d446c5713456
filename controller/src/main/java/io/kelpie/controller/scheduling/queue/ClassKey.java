package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * All that decides whether a request finds a place: if one of two VMs with equal keys finds none, neither does the
 * other. What only makes one host better than another is left out. The namespace plays no part, the job only where rules
 * about other VMs do.
 *
 * @param priority as a higher one may preempt what a lower one may not
 * @param shape without images, which only weigh
 * @param require labels that a host must have
 * @param spreadBy labels that a host must have, with any value; the counts keep no VM from all hosts
 * @param tolerations taints that do not matter
 * @param near what depends on where other VMs are; empty if nothing does
 * @param boundToHost the only host that can take it
 * @param avoidedHosts ids of hosts that are left out
 * @param failover what of it counts where room is kept for the loss of a host
 * @param alone the only VM of the class, if something is so for that one alone
 */
record ClassKey(
        int priority,
        VmShape shape,
        List<LabelRequirement> require,
        Set<String> spreadBy,
        List<Toleration> tolerations,
        Optional<Near> near,
        Optional<String> boundToHost,
        Set<String> avoidedHosts,
        Failover failover,
        Optional<UUID> alone) {
    /** Stands for the job in checks of a class that VMs of any job may be in. No job has an empty name. */
    private static final JobKey ANY_JOB = new JobKey("", "");

    /**
     * What depends on where other VMs are.
     *
     * @param job the VM's own
     * @param affinity required ones
     * @param antiAffinity required ones
     * @param partitions its job's
     * @param partition the VM's; -1 if there are none
     */
    record Near(
            JobKey job,
            List<AffinityRule> affinity,
            List<AffinityRule> antiAffinity,
            Optional<PartitionRule> partitions,
            int partition) {}

    /**
     * What counts where room is kept for the loss of a host.
     *
     * @param restartable whether it needs a backup
     * @param returning whether it may take room that is kept
     * @param awaitedHost of one that comes back, the host that it may wait for
     */
    record Failover(boolean restartable, boolean returning, Optional<String> awaitedHost) {}

    /**
     * @param repelled whether VMs of other jobs keep away from the request's
     */
    static ClassKey of(PlacementRequest request, boolean repelled) {
        PlacementRules rules = request.rules();
        return new ClassKey(
                request.priority(),
                withoutImages(request.shape()),
                rules.require(),
                rules.spread().stream()
                        .map(SpreadRule::by)
                        .filter(by -> !by.equals(SpreadRule.HOST))
                        .collect(Collectors.toUnmodifiableSet()),
                rules.tolerations(),
                repelled || looksAtOthers(rules) ? Optional.of(near(request)) : Optional.empty(),
                request.boundToHost(),
                request.avoidedHosts(),
                new Failover(
                        request.restartable(),
                        request.returning(),
                        request.returning() ? request.preferredHost() : Optional.empty()),
                Optional.empty());
    }

    /** The same for this VM alone. */
    ClassKey aloneFor(UUID vmId) {
        return new ClassKey(
                priority,
                shape,
                require,
                spreadBy,
                tolerations,
                near,
                boundToHost,
                avoidedHosts,
                failover,
                Optional.of(vmId));
    }

    /** Whether a required rule is about other VMs. */
    static boolean looksAtOthers(PlacementRules rules) {
        return rules.partitions().isPresent()
                || rules.affinity().stream().anyMatch(AffinityRule::required)
                || rules.antiAffinity().stream().anyMatch(AffinityRule::required);
    }

    private static Near near(PlacementRequest request) {
        PlacementRules rules = request.rules();
        return new Near(
                request.job(),
                required(rules.affinity()),
                required(rules.antiAffinity()),
                rules.partitions(),
                rules.partitions().map(rule -> request.ordinal() % rule.count()).orElse(-1));
    }

    private static List<AffinityRule> required(List<AffinityRule> rules) {
        return rules.stream().filter(AffinityRule::required).toList();
    }

    private static VmShape withoutImages(VmShape shape) {
        return new VmShape(
                shape.vcpus(),
                shape.guestMemoryMib(),
                shape.hugepages(),
                shape.numaNodes(),
                shape.poolMib(),
                shape.devices(),
                shape.keepsDisks(),
                shape.acceleration(),
                shape.paging(),
                shape.cpuModel(),
                shape.driver(),
                Set.of());
    }

    /** A request that passes on a host exactly if those of the class do, made from one of them. */
    PlacementRequest example(PlacementRequest one) {
        return one.by(one.vmId(), near.isPresent() ? one.job() : ANY_JOB, one.ordinal())
                .preferring(failover.awaitedHost());
    }
}
