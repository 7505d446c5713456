package io.kelpie.controller.replay;

/**
 * A VM of a trace.
 *
 * @param index position in the trace, from 0
 * @param vcpus at least 1
 * @param memoryMib the guest's memory in MiB, at least 1; what QEMU takes beyond it is {@link ReplayRules#overhead}'s
 * @param numaNodes 1 or 2: vCPUs and memory are split evenly over so many different NUMA nodes of one host, each of which
 *     must have the room. 0: no wish; the host must have the room, however its NUMA nodes share it
 * @param group number of its group, from 0 without gaps in a trace; a group has one strategy. {@link #NO_GROUP} with
 *     {@link Strategy#NONE}
 * @param domain number of its fault domain, from 0; {@link #NO_DOMAIN} unless with {@link Strategy#FAULT_DOMAIN}
 */
public record ReplayVm(
        int index, String name, int vcpus, long memoryMib, int numaNodes, Strategy strategy, int group, int domain) {
    public static final int NO_GROUP = -1;
    public static final int NO_DOMAIN = -1;
}
