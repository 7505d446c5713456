package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.view.Specs;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.Pool;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What a spec asks for the loss of a host must be possible with its disks, as far as the pools are known now. Pure. */
final class HostFailureRule {
    private HostFailureRule() {}

    /** @throws KelpieException if VMs are to be started elsewhere although a kept disk is on a pool of one host */
    static void check(JobSpec spec, Collection<HostEntry> hosts) {
        if (spec.getOnHostFailure() != OnHostFailure.ON_HOST_FAILURE_RESTART) {
            return;
        }
        for (Map.Entry<String, String> disk : Specs.keptDiskPools(spec.getVm()).entrySet()) {
            if (isLocalOnly(disk.getValue(), hosts)) {
                throw KelpieException.invalidField(
                        "spec.onHostFailure",
                        "'restart' cannot be kept: disk " + disk.getKey() + " is kept on pool " + disk.getValue()
                                + ", which each host has for itself, so no other host can start the VM with its data",
                        "put the disk on a shared pool, give it keep: false, or give onHostFailure: leave");
            }
        }
    }

    /** Whether hosts have the pool, and none shares it. */
    private static boolean isLocalOnly(String name, Collection<HostEntry> hosts) {
        List<Pool> pools = hosts.stream()
                .flatMap(host -> host.capabilities().getPoolsList().stream())
                .filter(pool -> pool.getName().equals(name))
                .toList();
        return !pools.isEmpty() && pools.stream().noneMatch(Pool::getShared);
    }
}
