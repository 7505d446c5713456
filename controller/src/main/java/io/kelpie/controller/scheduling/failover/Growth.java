package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;

/**
 * By how much a host would have to keep more if it were the backup of one more VM. In parts of the mean host, see
 * {@link Inventory#share}; -1 stands for a host without the room. Belongs to one thread.
 */
final class Growth {
    private static final int NONE = Loads.NONE;
    private static final long OF_A_DEVICE = 50_000;

    private final Inventory inventory;
    private final HostTable hosts;
    private final Dimensions dimensions;
    private final Loads loads;

    Growth(Inventory inventory, Dimensions dimensions, Loads loads) {
        this.inventory = inventory;
        hosts = inventory.hosts();
        this.dimensions = dimensions;
        this.loads = loads;
    }

    /**
     * The growth by some amounts, those of NUMA nodes left out.
     *
     * @param pair the lost host's with this one, if they are one already
     */
    long of(int host, int pair, Size more) {
        long vcpus = 0;
        long mib = 0;
        long devices = 0;
        for (int i = 0; i < more.count(); i++) {
            int dimension = more.dimension(i);
            long over = over(host, pair, dimension, more.amount(i));
            if (over < 0) {
                return -1;
            }
            if (dimension == Dimensions.VCPUS) {
                vcpus += over;
            } else if (dimensions.isMemory(dimension)) {
                mib += over;
            } else if (dimensions.isDevice(dimension)) {
                devices += over;
            }
        }
        return inventory.share(vcpus, mib) + devices * OF_A_DEVICE;
    }

    /** The growth of a host that keeps nothing yet, NUMA nodes included, for a demand without devices. */
    long ofFresh(Demand demand) {
        return inventory.share(demand.vcpus(), demand.memoryMib() + demand.hugepagesMib())
                + (demand.numaNodes() == 0
                        ? 0
                        : demand.numaNodes()
                                * inventory.share(demand.vcpusPerNumaNode(), demand.memoryMibPerNumaNode()));
    }

    /** The NUMA nodes that have to keep least more, a bit each; 0 if too few have room. */
    int chooseNumaNodes(int host, int pair, Demand demand) {
        int mask = 0;
        for (int chosen = 0; chosen < demand.numaNodes(); chosen++) {
            int best = -1;
            long least = Long.MAX_VALUE;
            for (int node = 0; node < hosts.numaNodes(host); node++) {
                if ((mask & (1 << node)) == 0) {
                    long growth = ofNumaNode(host, pair, demand, node);
                    if (growth >= 0 && growth < least) {
                        best = node;
                        least = growth;
                    }
                }
            }
            if (best < 0) {
                return 0;
            }
            mask |= 1 << best;
        }
        return mask;
    }

    /** The growth of these NUMA nodes, which have the room. */
    long ofNumaNodes(int host, int pair, Demand demand, int mask) {
        long sum = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            sum += ofNumaNode(host, pair, demand, Integer.numberOfTrailingZeros(rest));
        }
        return sum;
    }

    private long ofNumaNode(int host, int pair, Demand demand, int node) {
        long vcpus = over(host, pair, dimensions.numa(node, Dimensions.VCPUS), demand.vcpusPerNumaNode());
        long mib = over(host, pair, dimensions.numa(node, Dimensions.MEMORY), demand.memoryMibPerNumaNode());
        PageSize page = demand.hugepages();
        long hugeMib = page == null
                ? 0
                : over(host, pair, dimensions.numa(node, dimensions.hugepages(page)), demand.hugepagesMibPerNumaNode());
        return vcpus < 0 || mib < 0 || hugeMib < 0 ? -1 : inventory.share(vcpus, mib);
    }

    private long over(int host, int pair, int dimension, long amount) {
        long needed = amount + (pair == NONE ? 0 : loads.load(pair, dimension));
        return needed > dimensions.free(host, dimension) ? -1 : Math.max(0, needed - loads.kept(host, dimension));
    }

    /** What the host is left with: of what it keeps for this lost host if that is enough, else of its room. */
    long left(int host, int pair, Demand demand, long growth) {
        long vcpus = demand.vcpus() + (pair == NONE ? 0 : loads.load(pair, Dimensions.VCPUS));
        long mib = demand.memoryMib() + (pair == NONE ? 0 : loads.load(pair, Dimensions.MEMORY));
        long keptVcpus = loads.kept(host, Dimensions.VCPUS);
        long keptMib = loads.kept(host, Dimensions.MEMORY);
        return growth == 0
                ? inventory.share(keptVcpus - vcpus, keptMib - mib)
                : inventory.share(
                        hosts.freeVcpus(host) - Math.max(vcpus, keptVcpus),
                        hosts.freeMemoryMib(host) - Math.max(mib, keptMib));
    }
}
