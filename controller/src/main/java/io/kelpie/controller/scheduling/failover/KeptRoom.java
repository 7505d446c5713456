package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.NumaFit;
import io.kelpie.controller.scheduling.engine.Shortage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What hosts have free beside what they keep. Belongs to one thread. */
final class KeptRoom {
    private final HostTable hosts;
    private final Dimensions dimensions;
    private final Loads loads;
    private final Size size;

    KeptRoom(HostTable hosts, Dimensions dimensions, Loads loads) {
        this.hosts = hosts;
        this.dimensions = dimensions;
        this.loads = loads;
        size = new Size(dimensions);
    }

    private long room(int host, int dimension) {
        return dimensions.free(host, dimension) - loads.kept(host, dimension);
    }

    boolean hasRoomFor(Ask ask, int host) {
        Demand demand = ask.demand();
        size.of(demand, 0);
        for (int i = 0; i < size.count(); i++) {
            int dimension = size.dimension(i);
            boolean held = host == ask.boundHost() && dimensions.isPool(dimension);
            if (!held && size.amount(i) > room(host, dimension)) {
                return false;
            }
        }
        return demand.numaNodes() == 0 || Integer.bitCount(fittingNumaNodes(host, demand)) >= demand.numaNodes();
    }

    int fittingNumaNodes(int host, Demand demand) {
        int mask = 0;
        for (int node = 0; node < hosts.numaNodes(host); node++) {
            PageSize page = demand.hugepages();
            if (room(host, dimensions.numa(node, Dimensions.VCPUS)) >= demand.vcpusPerNumaNode()
                    && room(host, dimensions.numa(node, Dimensions.MEMORY)) >= demand.memoryMibPerNumaNode()
                    && (page == null
                            || room(host, dimensions.numa(node, dimensions.hugepages(page)))
                                    >= demand.hugepagesMibPerNumaNode())) {
                mask |= 1 << node;
            }
        }
        return mask;
    }

    /** Whether more is kept than is free of what a VM on the host took. */
    boolean isOverfull(int host, Demand demand) {
        size.of(demand, 0);
        for (int i = 0; i < size.count(); i++) {
            if (room(host, size.dimension(i)) < 0) {
                return true;
            }
        }
        for (int node = 0; demand.numaNodes() > 0 && node < hosts.numaNodes(host); node++) {
            for (int amount = 0; amount < Dimensions.NUMA_AMOUNTS; amount++) {
                if (room(host, dimensions.numa(node, amount)) < 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The first amount of which the host has too little for the VM. */
    Optional<Shortage> shortage(Ask ask, int host) {
        Demand demand = ask.demand();
        List<Shortage> all = new ArrayList<>();
        all.add(shortage(host, Dimensions.VCPUS, "vCPUs", demand.vcpus()));
        all.add(shortage(host, Dimensions.MEMORY, "MiB", demand.memoryMib()));
        PageSize page = demand.hugepages();
        if (page != null) {
            all.add(shortage(host, dimensions.hugepages(page), "MiB in hugepages of " + page, demand.hugepagesMib()));
        }
        for (int i = 0; i < demand.poolCount(); i++) {
            if (demand.pool(i) != HostTable.UNKNOWN && host != ask.boundHost()) {
                String of = "MiB in pool " + demand.poolName(i);
                all.add(shortage(host, dimensions.pool(demand.pool(i)), of, demand.poolMib(i)));
            }
        }
        for (int i = 0; i < demand.deviceCount(); i++) {
            if (demand.device(i) != HostTable.UNKNOWN) {
                int dimension = dimensions.device(demand.device(i));
                all.add(shortage(host, dimension, demand.deviceKind(i), demand.devices(i)));
            }
        }
        if (demand.numaNodes() > 0) {
            all.add(new Shortage(
                    "NUMA nodes with its share",
                    demand.numaNodes(),
                    Integer.bitCount(fittingNumaNodes(host, demand)),
                    Integer.bitCount(NumaFit.fitting(hosts, host, demand))));
        }
        return all.stream()
                .filter(shortage -> shortage.room() < shortage.asked())
                .findFirst();
    }

    private Shortage shortage(int host, int dimension, String of, long asked) {
        return new Shortage(
                of, asked, Math.max(0, room(host, dimension)), Math.max(0, dimensions.free(host, dimension)));
    }
}
