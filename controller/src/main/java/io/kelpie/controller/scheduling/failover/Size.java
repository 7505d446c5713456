package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.Arrays;

/** What a VM takes of a host, as pairs of dimension and amount. Used again and again; belongs to one thread. */
final class Size {
    private final Dimensions dimensions;
    private int count;
    private int[] which = new int[8];
    private long[] amounts = new long[8];
    private boolean possible;

    Size(Dimensions dimensions) {
        this.dimensions = dimensions;
    }

    /**
     * What the demand takes.
     *
     * @param numaMask the NUMA nodes that carry it, a bit each; 0 if it is bound to none or they are not chosen yet
     */
    Size of(Demand demand, int numaMask) {
        count = 0;
        possible = true;
        add(Dimensions.VCPUS, demand.vcpus());
        add(Dimensions.MEMORY, demand.memoryMib());
        PageSize page = demand.hugepages();
        if (page != null) {
            add(dimensions.hugepages(page), demand.hugepagesMib());
        }
        for (int i = 0; i < demand.poolCount(); i++) {
            if (demand.pool(i) == HostTable.UNKNOWN) {
                possible = false;
            } else {
                add(dimensions.pool(demand.pool(i)), demand.poolMib(i));
            }
        }
        for (int i = 0; i < demand.deviceCount(); i++) {
            if (demand.device(i) == HostTable.UNKNOWN) {
                possible = false;
            } else {
                add(dimensions.device(demand.device(i)), demand.devices(i));
            }
        }
        for (int rest = numaMask; rest != 0; rest &= rest - 1) {
            int node = Integer.numberOfTrailingZeros(rest);
            add(dimensions.numa(node, Dimensions.VCPUS), demand.vcpusPerNumaNode());
            add(dimensions.numa(node, Dimensions.MEMORY), demand.memoryMibPerNumaNode());
            if (page != null) {
                add(dimensions.numa(node, dimensions.hugepages(page)), demand.hugepagesMibPerNumaNode());
            }
        }
        return this;
    }

    /** Nothing; {@link #plus} adds to it. */
    Size clear() {
        count = 0;
        possible = true;
        return this;
    }

    /** Adds another one. */
    void plus(Size other) {
        possible &= other.possible;
        for (int i = 0; i < other.count; i++) {
            int known = 0;
            while (known < count && which[known] != other.which[i]) {
                known++;
            }
            if (known < count) {
                amounts[known] += other.amounts[i];
            } else {
                add(other.which[i], other.amounts[i]);
            }
        }
    }

    private void add(int dimension, long amount) {
        if (count == which.length) {
            which = Arrays.copyOf(which, count * 2);
            amounts = Arrays.copyOf(amounts, count * 2);
        }
        which[count] = dimension;
        amounts[count++] = amount;
    }

    /** False if it takes something that no host has. */
    boolean isPossible() {
        return possible;
    }

    int count() {
        return count;
    }

    int dimension(int i) {
        return which[i];
    }

    long amount(int i) {
        return amounts[i];
    }
}
