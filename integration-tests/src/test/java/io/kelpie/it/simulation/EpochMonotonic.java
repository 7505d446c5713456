package io.kelpie.it.simulation;

import io.kelpie.proto.v1.VmRecord;
import java.util.HashMap;
import java.util.Map;

/** Epochs only grow, and so do the incarnations of a VM. */
final class EpochMonotonic implements Checker {
    private final Violations violations;
    private final Map<String, Long> incarnations = new HashMap<>();
    private long epoch;

    EpochMonotonic(Violations violations) {
        this.violations = violations;
    }

    @Override
    public void stored(StoreView store) {
        if (store.epoch() < epoch) {
            violations.found(this, "epoch " + store.epoch() + " after " + epoch);
        }
        epoch = store.epoch();
        for (VmRecord vm : store.vms().values()) {
            long before = incarnations.getOrDefault(vm.getVmId(), 0L);
            if (vm.getIncarnation() < before) {
                violations.found(
                        this, "VM " + vm.getVmId() + " has incarnation " + vm.getIncarnation() + " after " + before);
            }
            incarnations.put(vm.getVmId(), vm.getIncarnation());
        }
    }
}
