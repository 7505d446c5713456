package io.kelpie.controller.model;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * CPUs and the memory near to them: what a NUMA node of a host has, or what is held of it.
 *
 * @param cpus logical CPUs, or vCPUs held
 * @param memoryMib ordinary memory, in MiB
 * @param hugepagesMib memory in hugepages of each size, in MiB
 */
public record NumaNode(int cpus, long memoryMib, Map<PageSize, Long> hugepagesMib) {
    public NumaNode {
        hugepagesMib = hugepagesMib.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(hugepagesMib));
    }

    public NumaNode(int cpus, long memoryMib) {
        this(cpus, memoryMib, Map.of());
    }
}
