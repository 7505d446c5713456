package io.kelpie.controller.replay;

import java.util.List;

/**
 * A host of a pool.
 *
 * @param rack index in {@link ReplayPool#racks}
 * @param numaNodes what is free on each of its NUMA nodes before the replay begins; at least one
 */
public record ReplayHost(String name, int rack, List<NumaNode> numaNodes) {
    public ReplayHost {
        numaNodes = List.copyOf(numaNodes);
    }

    /**
     * @param vcpus vCPUs that VMs may have, 0 or more
     * @param memoryMib memory in MiB that VMs and their QEMU processes may have, 0 or more
     */
    public record NumaNode(int vcpus, long memoryMib) {}

    public long vcpus() {
        long sum = 0;
        for (NumaNode node : numaNodes) {
            sum += node.vcpus();
        }
        return sum;
    }

    public long memoryMib() {
        long sum = 0;
        for (NumaNode node : numaNodes) {
            sum += node.memoryMib();
        }
        return sum;
    }
}
