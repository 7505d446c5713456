package io.kelpie.controller.control;

import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmRecord;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;

/**
 * What has changed in the cluster since those who follow it looked: told by {@link ClusterEditor} of each change, taken by
 * one follower each. Belongs to the control thread.
 */
final class ClusterChanges {
    private final Set<UUID> moved = new LinkedHashSet<>();
    private final Set<UUID> waiting = new LinkedHashSet<>();
    private final Set<UUID> standing = new LinkedHashSet<>();
    private final Set<JobKey> staffing = new LinkedHashSet<>();

    // ---- to be told

    /** The VM has come to a host, has left one, or counts there for something else. */
    void moved(UUID vm) {
        moved.add(vm);
    }

    /** The VM waits for a place now, or does not any more. */
    void waiting(UUID vm) {
        waiting.add(vm);
    }

    /** The job has other VMs, VMs in other states, or another spec. */
    void staffing(JobKey job) {
        staffing.add(job);
    }

    /** The job is another one than it was. */
    void job(JobEntry job, Job former, JobSpec formerSpec) {
        Job next = job.job();
        if (!former.rules().equals(next.rules())
                || former.priority() != next.priority()
                || former.replicas() != next.replicas()) {
            job.vms.values().forEach(vm -> moved.add(vm.id()));
        }
        if (!formerSpec.equals(job.record().getSpec())) {
            staffing.add(job.key());
            for (VmEntry vm : job.vms.values()) {
                (vm.state() == VmState.PENDING ? waiting : standing).add(vm.id());
            }
        }
    }

    void vmCreated(VmEntry vm) {
        waiting.add(vm.id());
        staffing.add(vm.name().job());
    }

    /** The VM has another record than it had. */
    void vm(VmEntry vm, VmRecord former) {
        VmRecord next = vm.record();
        if (!former.getHostId().equals(next.getHostId())
                || !former.getReservation().equals(next.getReservation())
                || HostLoss.isWanted(former) != HostLoss.isWanted(next)) {
            moved.add(vm.id());
        }
        if (isPending(former) || isPending(next)) {
            waiting.add(vm.id());
        }
        if (former.getState() != next.getState()) {
            standing.add(vm.id());
            staffing.add(vm.name().job());
        }
    }

    void vmRemoved(VmEntry vm) {
        moved.add(vm.id());
        waiting.add(vm.id());
        staffing.add(vm.name().job());
    }

    private static boolean isPending(VmRecord vm) {
        return Records.state(vm.getState()) == VmState.PENDING;
    }

    // ---- to be taken

    /** VMs that came to a host, left one, or count there for something else, since the last call. */
    Set<UUID> takeMoved() {
        return take(moved);
    }

    /** VMs that began to wait for a place since the last call, ceased to, or wait and ask for something else now. */
    Set<UUID> takeWaiting() {
        return take(waiting);
    }

    /** Whether {@link #takeWaiting} has any. */
    boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    /** VMs since the last call of which another state, or another spec of their job, may make something else possible. */
    Set<UUID> takeStanding() {
        return take(standing);
    }

    /** Jobs since the last call that have other VMs, VMs in other states, or another spec. */
    Set<JobKey> takeStaffing() {
        return take(staffing);
    }

    private static <T> Set<T> take(Set<T> changed) {
        Set<T> taken = new LinkedHashSet<>(changed);
        changed.clear();
        return taken;
    }
}
