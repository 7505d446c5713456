package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.PageSize;

/** Which NUMA nodes of a host carry a VM that is bound to some. */
public final class NumaFit {
    private NumaFit() {}

    /** NUMA nodes with room for their share, a bit each. */
    public static int fitting(HostTable hosts, int host, Demand demand) {
        int mask = 0;
        for (int node = 0; node < hosts.numaNodes(host); node++) {
            if (fits(hosts, host, node, demand)) {
                mask |= 1 << node;
            }
        }
        return mask;
    }

    private static boolean fits(HostTable hosts, int host, int node, Demand demand) {
        PageSize page = demand.hugepages();
        return hosts.numaFreeVcpus(host, node) >= demand.vcpusPerNumaNode()
                && hosts.numaFreeMemoryMib(host, node) >= demand.memoryMibPerNumaNode()
                && (page == null || hosts.numaFreeHugepagesMib(host, node, page) >= demand.hugepagesMibPerNumaNode());
    }

    /** How many VMs like this one the host's NUMA nodes could carry together. */
    public static int copies(HostTable hosts, int host, Demand demand) {
        int sum = 0;
        for (int node = 0; node < hosts.numaNodes(host); node++) {
            sum += copies(hosts, host, node, demand);
        }
        int wanted = demand.numaNodes();
        int copies = sum / wanted;
        while (copies > 0 && shares(hosts, host, demand, copies) < (long) copies * wanted) {
            copies--;
        }
        return copies;
    }

    /** Shares of so many VMs that can be on the host, no two of one VM on one NUMA node. */
    private static long shares(HostTable hosts, int host, Demand demand, int copies) {
        long shares = 0;
        for (int node = 0; node < hosts.numaNodes(host); node++) {
            shares += Math.min(copies, copies(hosts, host, node, demand));
        }
        return shares;
    }

    private static int copies(HostTable hosts, int host, int node, Demand demand) {
        long byVcpus = hosts.numaFreeVcpus(host, node) / Math.max(1, demand.vcpusPerNumaNode());
        long byMemory = hosts.numaFreeMemoryMib(host, node) / Math.max(1, demand.memoryMibPerNumaNode());
        return (int) Math.max(0, Math.min(Integer.MAX_VALUE, Math.min(byVcpus, byMemory)));
    }

    /**
     * The NUMA nodes to take, a bit each: those that are left with the least memory, then with the fewest vCPUs; the
     * first of equal ones. Takes none of the room that is kept if it can. 0 if the VM is bound to none.
     *
     * @throws IllegalArgumentException if too few have room
     */
    static int choose(HostTable hosts, int host, Demand demand, Reserve reserve) {
        int wanted = demand.numaNodes();
        if (wanted == 0) {
            return 0;
        }
        int candidates = reserve.fittingNumaNodes(host, demand);
        if (Integer.bitCount(candidates) < wanted) {
            candidates = fitting(hosts, host, demand);
        }
        int chosen = 0;
        for (int i = 0; i < wanted; i++) {
            if (candidates == 0) {
                throw new IllegalArgumentException("too few NUMA nodes of host " + host + " have room");
            }
            int best = tightest(hosts, host, candidates);
            chosen |= 1 << best;
            candidates &= ~(1 << best);
        }
        return chosen;
    }

    private static int tightest(HostTable hosts, int host, int candidates) {
        int best = Integer.numberOfTrailingZeros(candidates);
        for (int rest = candidates & (candidates - 1); rest != 0; rest &= rest - 1) {
            int node = Integer.numberOfTrailingZeros(rest);
            long memory = hosts.numaFreeMemoryMib(host, node) - hosts.numaFreeMemoryMib(host, best);
            if (memory < 0 || (memory == 0 && hosts.numaFreeVcpus(host, node) < hosts.numaFreeVcpus(host, best))) {
                best = node;
            }
        }
        return best;
    }
}
