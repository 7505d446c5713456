package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.Arrays;

/**
 * The amounts that a VM takes of a host, numbered: vCPUs, memory, hugepages by size, then pools, devices by kind and
 * amounts by NUMA node, each from when it is first met. Belongs to one thread.
 */
final class Dimensions {
    static final int VCPUS = 0;
    static final int MEMORY = 1;

    private static final int HUGEPAGES = 2;
    private static final PageSize[] PAGE_SIZES = PageSize.values();
    private static final int FIXED = HUGEPAGES + PAGE_SIZES.length;
    private static final int UNKNOWN = -1;
    /** Amounts that are told apart by NUMA node: vCPUs, memory, hugepages by size. */
    static final int NUMA_AMOUNTS = FIXED;

    private static final long NOTHING = Long.MIN_VALUE / 2;

    /** What an amount is of. */
    private enum Kind {
        HOST,
        POOL,
        DEVICE,
        NUMA
    }

    private final HostTable hosts;
    private int count = FIXED;
    private Kind[] kinds = new Kind[FIXED];
    private int[] indexes = new int[FIXED];
    private int[] pools = new int[0];
    private int[] devices = new int[0];
    private int[] numa = new int[0];

    Dimensions(HostTable hosts) {
        this.hosts = hosts;
        Arrays.fill(kinds, Kind.HOST);
    }

    /** All numbers are below. */
    int count() {
        return count;
    }

    int hugepages(PageSize size) {
        return HUGEPAGES + size.ordinal();
    }

    int pool(int pool) {
        pools = grown(pools, pool);
        if (pools[pool] == UNKNOWN) {
            pools[pool] = add(Kind.POOL, pool);
        }
        return pools[pool];
    }

    int device(int kind) {
        devices = grown(devices, kind);
        if (devices[kind] == UNKNOWN) {
            devices[kind] = add(Kind.DEVICE, kind);
        }
        return devices[kind];
    }

    /**
     * @param amount {@link #VCPUS}, {@link #MEMORY} or one of {@link #hugepages}
     */
    int numa(int node, int amount) {
        int index = node * NUMA_AMOUNTS + amount;
        numa = grown(numa, index);
        if (numa[index] == UNKNOWN) {
            numa[index] = add(Kind.NUMA, index);
        }
        return numa[index];
    }

    private int add(Kind kind, int index) {
        if (count == kinds.length) {
            kinds = Arrays.copyOf(kinds, count * 2);
            indexes = Arrays.copyOf(indexes, count * 2);
        }
        kinds[count] = kind;
        indexes[count] = index;
        return count++;
    }

    /** What no instance holds of it; less than zero if more is held than there is, or the host has no such thing. */
    long free(int host, int dimension) {
        int index = indexes[dimension];
        return switch (kinds[dimension]) {
            case HOST -> freeOfHost(host, dimension);
            case POOL -> hosts.hasPool(host, index) ? hosts.freePoolMib(host, index) : NOTHING;
            case DEVICE -> hosts.freeDevices(host, index);
            case NUMA -> freeOfNumaNode(host, index / NUMA_AMOUNTS, index % NUMA_AMOUNTS);
        };
    }

    private long freeOfHost(int host, int amount) {
        if (amount == VCPUS) {
            return hosts.freeVcpus(host);
        }
        return amount == MEMORY
                ? hosts.freeMemoryMib(host)
                : hosts.freeHugepagesMib(host, PAGE_SIZES[amount - HUGEPAGES]);
    }

    private long freeOfNumaNode(int host, int node, int amount) {
        if (node >= hosts.numaNodes(host)) {
            return NOTHING;
        }
        if (amount == VCPUS) {
            return hosts.numaFreeVcpus(host, node);
        }
        return amount == MEMORY
                ? hosts.numaFreeMemoryMib(host, node)
                : hosts.numaFreeHugepagesMib(host, node, PAGE_SIZES[amount - HUGEPAGES]);
    }

    /** Whether it is memory of the host as a whole, in MiB. */
    boolean isMemory(int dimension) {
        return dimension >= MEMORY && dimension < FIXED;
    }

    boolean isPool(int dimension) {
        return kinds[dimension] == Kind.POOL;
    }

    boolean isDevice(int dimension) {
        return kinds[dimension] == Kind.DEVICE;
    }

    private static int[] grown(int[] array, int index) {
        if (index < array.length) {
            return array;
        }
        int[] longer = Arrays.copyOf(array, (index + 1) * 2);
        Arrays.fill(longer, array.length, longer.length, UNKNOWN);
        return longer;
    }
}
