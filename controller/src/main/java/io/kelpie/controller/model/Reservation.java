package io.kelpie.controller.model;

import io.kelpie.common.resources.QemuOverhead;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an instance holds of its host.
 *
 * @param vcpus virtual CPUs
 * @param memoryMib ordinary memory including QEMU's own, in MiB
 * @param hugepages size of the hugepages it holds, if any
 * @param hugepagesMib memory in hugepages, in MiB
 * @param poolMib space in each pool, in MiB
 * @param devices devices of each kind
 * @param numaNodes the host's NUMA nodes that share vCPUs and memory evenly; empty: it is bound to none
 */
public record Reservation(
        int vcpus,
        long memoryMib,
        Optional<PageSize> hugepages,
        long hugepagesMib,
        SortedMap<String, Long> poolMib,
        SortedMap<String, Integer> devices,
        List<Integer> numaNodes) {
    public Reservation {
        poolMib = Collections.unmodifiableSortedMap(new TreeMap<>(poolMib));
        devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
        numaNodes = List.copyOf(numaNodes);
    }

    /** What a VM of the shape holds, before its NUMA nodes are chosen. */
    public static Reservation of(VmShape shape) {
        long withQemuMib = QemuOverhead.memoryMib(shape.guestMemoryMib(), shape.vcpus());
        long hugepagesMib = shape.hugepages()
                .map(size -> roundUp(shape.guestMemoryMib(), size.mib()))
                .orElse(0L);
        return new Reservation(
                shape.vcpus(),
                shape.hugepages().isPresent() ? withQemuMib - shape.guestMemoryMib() : withQemuMib,
                shape.hugepages(),
                hugepagesMib,
                shape.poolMib(),
                shape.devices(),
                List.of());
    }

    /** The same on these NUMA nodes. */
    public Reservation on(List<Integer> nodes) {
        return new Reservation(vcpus, memoryMib, hugepages, hugepagesMib, poolMib, devices, nodes);
    }

    private static long roundUp(long value, long unit) {
        return (value + unit - 1) / unit * unit;
    }
}
