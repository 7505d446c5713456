package io.kelpie.controller.replay;

import java.util.Arrays;

/**
 * What an engine did, in order: placements and removals, twelve bytes each. Written by one thread, then read by any.
 */
public final class ReplayLog {
    private static final int INITIAL_ENTRIES = 1024;
    private static final int REMOVAL = -1;

    private int[] vms = new int[INITIAL_ENTRIES];
    private int[] hosts = new int[INITIAL_ENTRIES];
    private int[] numaNodes = new int[INITIAL_ENTRIES];
    private int size;

    /** The VM was given a place. */
    public void placed(int vm, int host, int numaNodeBits) {
        add(vm, host, numaNodeBits);
    }

    /** The VM left. */
    public void removed(int vm) {
        add(vm, REMOVAL, 0);
    }

    private void add(int vm, int host, int numaNodeBits) {
        if (size == vms.length) {
            int larger = Math.multiplyExact(size, 2);
            vms = Arrays.copyOf(vms, larger);
            hosts = Arrays.copyOf(hosts, larger);
            numaNodes = Arrays.copyOf(numaNodes, larger);
        }
        vms[size] = vm;
        hosts[size] = host;
        numaNodes[size++] = numaNodeBits;
    }

    public int size() {
        return size;
    }

    /** Index of the VM of an entry. */
    public int vm(int entry) {
        return vms[entry];
    }

    public boolean isRemoval(int entry) {
        return hosts[entry] == REMOVAL;
    }

    /** Index of the host of a placement. */
    public int host(int entry) {
        return hosts[entry];
    }

    /** NUMA nodes of a placement, bit i for NUMA node i. */
    public int numaNodes(int entry) {
        return numaNodes[entry];
    }

    /** Whether both tell the same steps in the same order. */
    public boolean isSameAs(ReplayLog other) {
        return Arrays.equals(vms, 0, size, other.vms, 0, other.size)
                && Arrays.equals(hosts, 0, size, other.hosts, 0, other.size)
                && Arrays.equals(numaNodes, 0, size, other.numaNodes, 0, other.size);
    }
}
