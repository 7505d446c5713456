package io.kelpie.it.simulation;

import io.kelpie.proto.v1.VmRecord;

/** A VM holds memory exactly while it has a place, and it has one exactly while an instance of it may exist. */
final class ReservationsMatchPlacements implements Checker {
    private final Violations violations;

    ReservationsMatchPlacements(Violations violations) {
        this.violations = violations;
    }

    @Override
    public void stored(StoreView store) {
        for (VmRecord vm : store.vms().values()) {
            boolean placed = switch (vm.getState()) {
                case VM_STATE_PLACED,
                        VM_STATE_STARTING,
                        VM_STATE_RUNNING,
                        VM_STATE_MIGRATING,
                        VM_STATE_STOPPING,
                        VM_STATE_EVICTING,
                        VM_STATE_DELETING -> true;
                case VM_STATE_PENDING, VM_STATE_STOPPED, VM_STATE_FAILED, VM_STATE_DELETED -> false;
                case VM_STATE_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalStateException("no state: " + vm);
            };
            boolean reserved = vm.getReservation().getMemoryMib() > 0;
            if (placed != !vm.getHostId().isEmpty() || placed != reserved) {
                violations.found(
                        this,
                        "VM " + vm.getVmId() + " is " + vm.getState() + " on '" + vm.getHostId() + "' and holds "
                                + vm.getReservation().getMemoryMib() + " MiB");
            }
            if (placed && !store.hosts().containsKey(vm.getHostId())) {
                violations.found(this, "VM " + vm.getVmId() + " is on an unknown host");
            }
        }
    }
}
