package io.kelpie.controller.reconcile;

import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.ObservedInstance;
import io.kelpie.controller.model.Vm;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Compares what is desired with what is known and answers corrections. Pure and level-triggered: it looks at states,
 * never at what changed, so it can be asked at any time and as often as one likes. Safe for use by any thread.
 */
public final class Reconciler {
    private Reconciler() {}

    /**
     * What a job lacks: VMs to make by rising ordinal, VMs to delete by falling ordinal, VMs to restart by rising
     * ordinal.
     *
     * <p>An ordinal whose last VM still has a record, be it a tombstone, gets a new VM when that record is gone. A rolling
     * restart takes no more VMs down than the job allows, counting every wanted VM that is not RUNNING; those that are
     * STOPPED or FAILED neither count nor are started.
     *
     * @param vms all VMs of the job that have a record, tombstones too; VMs of an earlier job of the name are passed over
     */
    public static List<JobCorrection> job(Job job, Collection<Vm> vms) {
        return JobReconciliation.corrections(job, vms);
    }

    /**
     * What follows from a host's full list of instances, in the order of the list, then of {@code ofHost}.
     *
     * <p>An instance is killed only if its VM's record exists and is at a higher incarnation or another place. What the
     * records do not explain, such as an incarnation that they have not reached, is kept as an orphan, and its VM is not
     * started a second time.
     *
     * @param hostId the host
     * @param reported every instance in its ledger, as of the beginning of its stream
     * @param known the record of a VM, if there is one
     * @param ofHost all VMs whose {@code hostId} or {@code storageHostId} is this host; others are passed over
     */
    public static List<HostCorrection> host(
            String hostId, List<ObservedInstance> reported, Function<UUID, Optional<Vm>> known, Collection<Vm> ofHost) {
        return new HostReconciliation(hostId, reported, known).corrections(ofHost);
    }
}
