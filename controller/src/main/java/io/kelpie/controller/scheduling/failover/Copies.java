package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;

/** How many VMs like one a cluster has room for. Belongs to one thread. */
final class Copies {
    private final HostTable hosts;
    private final Backups backups;
    private final Ask ask;
    private final Size size;
    private final long[] onHost;
    private final long inAll;

    Copies(Inventory inventory, Backups backups, Ask ask) {
        hosts = inventory.hosts();
        this.backups = backups;
        this.ask = ask;
        size = new Size(backups.dimensions()).of(ask.demand(), 0);
        onHost = new long[hosts.limit()];
        long sum = 0;
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                onHost[host] = copies(host, Loads.NONE);
                sum += onHost[host];
            }
        }
        inAll = sum;
    }

    /** On all hosts as they are. */
    long inAll() {
        return inAll;
    }

    /** On the others when a host is lost and its VMs are on their backups. */
    long without(int lost) {
        long sum = inAll - onHost[lost];
        Loads loads = backups.loads();
        for (int pair = loads.firstOfLost(lost); pair != Loads.NONE; pair = loads.nextOfLost(pair)) {
            int backup = loads.backup(pair);
            sum += copies(backup, pair) - onHost[backup];
        }
        return sum;
    }

    private long copies(int host, int pair) {
        if (!size.isPossible() || !backups.passesTraits(ask, host)) {
            return 0;
        }
        long copies = Long.MAX_VALUE;
        for (int i = 0; i < size.count(); i++) {
            if (size.amount(i) > 0) {
                copies = Math.min(copies, left(host, pair, size.dimension(i)) / size.amount(i));
            }
        }
        copies = Math.max(0, copies);
        return ask.demand().numaNodes() == 0 ? copies : onNumaNodes(host, pair, copies);
    }

    /** As many of them as can have their NUMA nodes, no two shares of one VM on one. */
    private long onNumaNodes(int host, int pair, long most) {
        long wanted = ask.demand().numaNodes();
        long low = 0;
        long high = most;
        while (low < high) {
            long middle = low + (high - low + 1) / 2;
            long shares = 0;
            for (int node = 0; node < hosts.numaNodes(host); node++) {
                shares += Math.min(middle, shares(host, pair, node));
            }
            if (shares >= middle * wanted) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private long shares(int host, int pair, int node) {
        Demand demand = ask.demand();
        Dimensions dimensions = backups.dimensions();
        long shares = Math.min(
                left(host, pair, dimensions.numa(node, Dimensions.VCPUS)) / Math.max(1, demand.vcpusPerNumaNode()),
                left(host, pair, dimensions.numa(node, Dimensions.MEMORY))
                        / Math.max(1, demand.memoryMibPerNumaNode()));
        PageSize page = demand.hugepages();
        if (page != null) {
            shares = Math.min(
                    shares,
                    left(host, pair, dimensions.numa(node, dimensions.hugepages(page)))
                            / Math.max(1, demand.hugepagesMibPerNumaNode()));
        }
        return Math.max(0, shares);
    }

    private long left(int host, int pair, int dimension) {
        long load = pair == Loads.NONE ? 0 : backups.loads().load(pair, dimension);
        return backups.dimensions().free(host, dimension) - load;
    }
}
