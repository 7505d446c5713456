package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Amounts of what a host has for VMs, or of what is held of it.
 *
 * @param cpus logical CPUs, without what is kept back for the host itself; or vCPUs held
 * @param memoryMib ordinary memory, without what is kept back, in MiB
 * @param hugepagesMib memory in hugepages of each size, in MiB
 * @param poolMib space of each pool, in MiB
 * @param devices devices of each kind
 * @param numaNodes the same by NUMA node; empty if unknown. Of what is held only what is bound to a NUMA node counts
 */
public record HostSize(
        int cpus,
        long memoryMib,
        Map<PageSize, Long> hugepagesMib,
        SortedMap<String, Long> poolMib,
        SortedMap<String, Integer> devices,
        List<NumaNode> numaNodes) {
    /** Nothing. */
    public static final HostSize NOTHING = new HostSize(0, 0, Map.of(), new TreeMap<>(), new TreeMap<>(), List.of());

    public HostSize {
        hugepagesMib = hugepagesMib.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(hugepagesMib));
        poolMib = Collections.unmodifiableSortedMap(new TreeMap<>(poolMib));
        devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
        numaNodes = List.copyOf(numaNodes);
    }
}
