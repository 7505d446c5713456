package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.lease.Closing;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.VmRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The one way in which a host is declared FENCED and its VMs are freed. From before the judgement until all of it is
 * durable nothing is promised to the host and nothing is started there; if the term ends meanwhile, that lasts until
 * another term is known to have begun. Belongs to the control thread.
 */
final class HostFencing {
    /** VMs freed by one unit: keeps it well below one batch. */
    private static final int VMS_PER_UNIT = 50;

    private final long epoch;
    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final Promises promises;
    private final ControlMetrics metrics;
    private final LiveInventory live;
    private final Consumer<Unit> pipeline;
    private final Map<String, Integer> underWay = new HashMap<>();

    HostFencing(
            long epoch,
            ClusterEditor cluster,
            VmSteps steps,
            Promises promises,
            ControlMetrics metrics,
            LiveInventory live,
            Consumer<Unit> pipeline) {
        this.epoch = epoch;
        this.cluster = cluster;
        this.steps = steps;
        this.promises = promises;
        this.metrics = metrics;
        this.live = live;
        this.pipeline = pipeline;
    }

    /**
     * Declares a host FENCED and frees its leased VMs if its lease has ended, all of them by any other cause; whoever
     * gives another cause answers for it. The units are submitted; what follows them is submitted behind.
     *
     * @return VMs that were freed; empty if the host's last lease may still last, and nothing has changed then
     */
    OptionalInt fence(HostEntry host, Fencing.Cause cause) {
        Leases leases = promises.leases();
        boolean leasedOnly = cause == Fencing.Cause.CAUSE_LEASE_ENDED;
        if (leases.rules().silentWhileFencing()) {
            leases.close(host.id(), Closing.FENCING);
        }
        // Judged with the word closed: no later promise can be on its way.
        if (leasedOnly && !hasLeaseEnded(host)) {
            reopen(host.id());
            return OptionalInt.empty();
        }
        if (leases.rules().silentWhileFencing()) {
            leases.dismiss(host.id());
        }
        List<VmEntry> freed = toFree(host, leasedOnly);
        Map<UUID, String> backups = live.backupsOn(host.id()); // from before the first of them is freed
        for (int from = 0; from < freed.size(); from += VMS_PER_UNIT) {
            Unit unit = new Unit();
            freed.subList(from, Math.min(freed.size(), from + VMS_PER_UNIT)).forEach(vm -> {
                Optional<String> backup = Optional.ofNullable(backups.get(vm.id()));
                free(host, vm, backup, cause, unit);
            });
            pipeline.accept(unit);
        }
        // Last: a term that ends in between leaves a host that is not FENCED yet, and the next one frees the rest.
        declare(host, cause, freed.size());
        return OptionalInt.of(freed.size());
    }

    /** Whether the last lease that the host may hold has certainly ended. */
    boolean hasLeaseEnded(HostEntry host) {
        boolean waited = cluster.nowNanos() - promises.fenceableAtNanos(host.id()) >= 0;
        return promises.leases().rules().hasEnded(host.record().getUntilThaw(), waited);
    }

    private List<VmEntry> toFree(HostEntry host, boolean leasedOnly) {
        List<VmEntry> found = new ArrayList<>();
        host.placed()
                .forEach(id -> cluster.vm(id)
                        .filter(vm -> vm.record().getLeased() || !leasedOnly)
                        .ifPresent(found::add));
        return found;
    }

    private void free(HostEntry host, VmEntry vm, Optional<String> backup, Fencing.Cause cause, Unit unit) {
        String message = "instance " + vm.record().getIncarnation() + " on " + host.name() + " is gone: " + why(cause);
        InstanceExit exit = InstanceExit.newBuilder()
                .setReason(
                        cause == Fencing.Cause.CAUSE_LEASE_ENDED
                                ? ExitReason.EXIT_REASON_LEASE_ENDED
                                : ExitReason.EXIT_REASON_LOST)
                .setMessage(why(cause))
                .setHostId(host.id())
                .setIncarnation(vm.record().getIncarnation())
                .setAtMillis(cluster.nowMillis())
                .build();
        // Not the VM's failure: no attempt is counted and there is no backoff. It goes where room was kept for it.
        VmSteps.Details details = (VmRecord.Builder record) ->
                record.setLastExit(exit).setNotBeforeMillis(0).setPreferredHostId(backup.orElse(""));
        steps.apply(vm, VmEvent.HOST_FENCED, details, "HostFenced", message, unit);
    }

    private void declare(HostEntry host, Fencing.Cause cause, int vmsFreed) {
        Unit unit = new Unit();
        cluster.putHost(
                host,
                host.record().toBuilder()
                        .setFencing(Fencing.newBuilder()
                                .setCause(cause)
                                .setAtMillis(cluster.nowMillis())
                                .setEpoch(epoch))
                        .build(),
                unit);
        underWay.merge(host.id(), 1, Integer::sum);
        host.ready = false; // nothing is placed there, also before it is judged again
        AgentSession stale = promises.leases().rules().silentWhileFencing() ? host.session : null;
        unit.then(() -> {
            underWay.merge(host.id(), -1, Integer::sum);
            if (underWay.getOrDefault(host.id(), 0) <= 0) {
                underWay.remove(host.id());
            }
            reopen(host.id());
            metrics.fenced(cause);
            cluster.events().add(host.subject(), "HostFenced", why(cause) + "; " + vmsFreed + " VMs were freed");
            if (stale != null) {
                host.session = host.session == stale ? null : host.session;
                stale.close(new KelpieException(
                        ErrorReason.ERROR_REASON_HOST_UNREACHABLE,
                        "host " + host.name() + " was fenced: " + why(cause),
                        "connect anew"));
            }
        });
        pipeline.accept(unit);
    }

    private void reopen(String hostId) {
        if (!underWay.containsKey(hostId)) {
            promises.leases().open(hostId, Closing.FENCING);
        }
    }

    private static String why(Fencing.Cause cause) {
        return switch (cause) {
            case CAUSE_LEASE_ENDED -> "the host's last lease has ended";
            case CAUSE_POWERED_OFF -> "the host was confirmed to be off";
            case CAUSE_CONFIRMED_DEAD -> "an operator has said that the host is dead";
            case CAUSE_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalArgumentException("no cause: " + cause);
        };
    }
}
