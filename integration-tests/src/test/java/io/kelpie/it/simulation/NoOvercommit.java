package io.kelpie.it.simulation;

import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.VmRecord;
import java.util.HashMap;
import java.util.Map;

/** The reservations on a host never exceed its memory, nor its vCPUs with overcommitment. */
final class NoOvercommit implements Checker {
    private static final int VCPUS_PER_CPU = 4;

    private final Violations violations;

    NoOvercommit(Violations violations) {
        this.violations = violations;
    }

    @Override
    public void stored(StoreView store) {
        Map<String, long[]> used = new HashMap<>();
        for (VmRecord vm : store.vms().values()) {
            if (!vm.getHostId().isEmpty()) {
                long[] sum = used.computeIfAbsent(vm.getHostId(), absent -> new long[2]);
                sum[0] += vm.getReservation().getMemoryMib();
                sum[1] += vm.getReservation().getVcpus();
            }
        }
        for (HostRecord host : store.hosts().values()) {
            long[] sum = used.getOrDefault(host.getHostId(), new long[2]);
            if (sum[0] > host.getCapacity().getMemoryMib()
                    || sum[1] > (long) host.getCapacity().getCpus() * VCPUS_PER_CPU) {
                violations.found(this, host.getName() + " holds " + sum[0] + " MiB and " + sum[1] + " vCPUs");
            }
        }
    }
}
