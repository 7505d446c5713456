package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.Transition;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.lifecycle.VmLifecycle;
import io.kelpie.controller.model.OnHostFailure;
import io.kelpie.controller.model.VmState;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmRecord;
import java.util.function.Predicate;

/** Which VMs are started elsewhere when their host is lost. Pure. */
final class HostLoss {
    private HostLoss() {}

    /**
     * Whether the VM will be, once it has a place: its job does not say that it is left, and none of its disks is kept
     * where one host alone sees it.
     *
     * @param spec of its next instance
     * @param isShared whether a pool is seen by more hosts than one, by its name
     */
    static boolean willRestart(JobSpec spec, VmRecord vm, Predicate<String> isShared) {
        return Records.onHostFailure(spec) != OnHostFailure.LEAVE && isFree(spec, vm, isShared);
    }

    /**
     * Whether the VM's present instance is: it is leased, or would be if the cluster could lease it, and then an
     * operator's word that the host is dead starts it elsewhere; nobody has asked for its end; and no disk binds it.
     *
     * @param spec of the instance
     * @param isShared as above
     */
    static boolean restarts(JobSpec spec, VmRecord vm, Predicate<String> isShared) {
        return isWanted(vm) && isFree(spec, vm, isShared);
    }

    /** Why it is not, for operators; of a VM that has an instance, and {@link #restarts} says no of. */
    static String whyNotRestarted(JobSpec spec, VmRecord vm, Predicate<String> isShared) {
        if (!isFree(spec, vm, isShared)) {
            return "none is needed, as it is not started elsewhere: no other host sees the disks that it keeps";
        }
        return vm.getLeased() || !vm.getNotLeasedReason().isEmpty()
                ? "none is needed, as it is being stopped"
                : "none is needed, as it is not started elsewhere: it was placed with onHostFailure: leave";
    }

    /** The part of {@link #restarts} that changes while the instance lasts. */
    static boolean isWanted(VmRecord vm) {
        return (vm.getLeased() || !vm.getNotLeasedReason().isEmpty())
                && !vm.getKeptDisks()
                && VmLifecycle.next(Records.state(vm.getState()), VmEvent.HOST_FENCED) instanceof Transition.Taken taken
                && taken.to() == VmState.PENDING;
    }

    private static boolean isFree(JobSpec spec, VmRecord vm, Predicate<String> isShared) {
        return !vm.getKeptDisks()
                && Records.keptDiskPools(spec.getVm()).values().stream().allMatch(isShared);
    }
}
