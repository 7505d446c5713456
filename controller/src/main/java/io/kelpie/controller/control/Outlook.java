package io.kelpie.controller.control;

import io.kelpie.controller.scheduling.queue.PendingQueue;
import io.kelpie.controller.scheduling.queue.QueueFacts;
import io.kelpie.controller.view.VmName;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmRecord;
import java.util.Locale;
import java.util.Optional;

/**
 * What placement knows of a VM at one instant, beside its record. Immutable.
 *
 * @param queue where it stands; empty if it does not wait for a place
 * @param backup where it would be started if its host were lost; empty if no room is kept at all, or it has no host
 */
public record Outlook(Optional<QueueFacts> queue, Optional<Backup> backup) {
    /** Nothing is known. */
    public static final Outlook UNKNOWN = new Outlook(Optional.empty(), Optional.empty());

    /**
     * Where a VM would be started.
     *
     * @param hostId the host that keeps the room; empty if none does
     * @param reason why none does; empty if one does
     */
    public record Backup(String hostId, String reason) {}

    /** Takes it; {@link #UNKNOWN} if there is no such VM by now. */
    public static Preparation<Outlook> now(VmName name) {
        return context -> context.cluster()
                .job(name.job())
                .map(job -> job.vms.get(name.ordinal()))
                .map(context.placement()::outlook)
                .orElse(UNKNOWN);
    }

    static Outlook of(VmEntry vm, ClusterEditor cluster, LiveInventory live, PendingQueue queue) {
        if (vm.record().getHostId().isEmpty()) {
            return new Outlook(queue.facts(vm.id()), Optional.empty());
        }
        if (!live.keepsRoom()) {
            return UNKNOWN;
        }
        live.refresh();
        Backup backup = live.backup(vm.id())
                .map(host -> new Backup(host, ""))
                .orElseGet(() ->
                        new Backup("", whyNone(vm.record(), cluster.jobOf(vm).specOf(vm), live)));
        return new Outlook(Optional.empty(), Optional.of(backup));
    }

    private static String whyNone(VmRecord vm, JobSpec spec, LiveInventory live) {
        return HostLoss.restarts(spec, vm, live::isShared)
                ? "no other host passes its rules and has the room; N+1 is "
                        + live.inventory().policy().nPlusOne().name().toLowerCase(Locale.ROOT)
                        + ". Fix: add a host, or end VMs"
                : HostLoss.whyNotRestarted(spec, vm, live::isShared);
    }
}
