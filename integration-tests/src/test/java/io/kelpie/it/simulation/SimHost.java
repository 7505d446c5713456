package io.kelpie.it.simulation;

import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.NumaNode;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.ProbeResult;
import io.kelpie.proto.v1.Taint;
import io.kelpie.proto.v1.TaintEffect;
import java.util.List;
import java.util.Map;

/**
 * What a host has, and what its configuration says of it. The first three are untainted, in two racks; of every job
 * there is room for all VMs on one host.
 *
 * @param number from 1
 */
record SimHost(int number) {
    static final String RACK = "rack";
    static final String TAINT = "spare";
    private static final int UNTAINTED = 3;

    private static final int NUMA_NODES = 2;
    private static final int CPUS = 8;
    private static final long MEMORY_MIB = 4096;
    private static final long HUGEPAGES = 4096;

    private static final HostCapacity CAPACITY = HostCapacity.newBuilder()
            .setCpus(CPUS)
            .setMemoryMib(MEMORY_MIB)
            .addHugepages(pages(HUGEPAGES))
            .addNumaNodes(numaNode(0))
            .addNumaNodes(numaNode(1))
            .build();

    private static final HostCapabilities CAPABILITIES = HostCapabilities.newBuilder()
            .addDrivers(DriverInfo.newBuilder()
                    .setDriver(DriverChoice.DRIVER_CHOICE_QEMU)
                    .setUsable(true)
                    .setCanLease(true))
            .setKvmProbe(ProbeResult.newBuilder().setOutcome(ProbeResult.Outcome.OUTCOME_VERIFIED))
            .addPools(Pool.newBuilder().setName("default").setTotalMib(100_000).setFreeMib(90_000))
            .build();

    private static NumaNode numaNode(int id) {
        return NumaNode.newBuilder()
                .setId(id)
                .setCpus(CPUS / NUMA_NODES)
                .setMemoryMib(MEMORY_MIB / NUMA_NODES)
                .addHugepages(pages(HUGEPAGES / NUMA_NODES))
                .build();
    }

    private static HugepageCount pages(long count) {
        return HugepageCount.newBuilder()
                .setSize(Hugepages.HUGEPAGES_2MI)
                .setCount(count)
                .build();
    }

    Map<String, String> labels() {
        return Map.of(RACK, "r" + number % 2);
    }

    List<Taint> taints() {
        return number <= UNTAINTED
                ? List.of()
                : List.of(Taint.newBuilder()
                        .setKey(TAINT)
                        .setValue("yes")
                        .setEffect(TaintEffect.TAINT_EFFECT_NO_SCHEDULE)
                        .build());
    }

    static HostCapacity capacity() {
        return CAPACITY;
    }

    static HostCapabilities capabilities() {
        return CAPABILITIES;
    }
}
