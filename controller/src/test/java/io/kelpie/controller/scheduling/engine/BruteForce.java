package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import io.kelpie.controller.scheduling.score.Scorer;
import io.kelpie.controller.scheduling.score.Scorers;

/** Finds the best host by a look at every one: no index, no bounds, no verdicts remembered. */
final class BruteForce {
    private final Inventory inventory;
    private final HostTable hosts;

    BruteForce(Inventory inventory) {
        this.inventory = inventory;
        hosts = inventory.hosts();
    }

    /** Index of the best host, or {@link HostTable#UNKNOWN} if none passes. */
    int best(Ask ask) {
        boolean leads = ask.terms().isGroup() && ask.terms().members().total() == 0 && ask.jobSize() != 1;
        if (leads && ask.jobSize() > 1) {
            int host = best(ask, ask.jobSize(), inventory.room(), false);
            if (host != HostTable.UNKNOWN) {
                return host;
            }
        }
        return leads ? best(ask, 1, inventory.growing(ask.demand()), true) : best(ask, 1, inventory.room(), false);
    }

    private int best(Ask ask, int times, RoomCost room, boolean growing) {
        ask.undecideSpreads();
        for (JobTerms.Spread spread : ask.terms().spread()) {
            int floor = Integer.MAX_VALUE;
            for (int host = 0; host < hosts.limit(); host++) {
                if (hosts.exists(host) && hasRoom(ask, host, times) && passes(ask, host)) {
                    floor = Math.min(
                            floor, spread.census().count(spread.census().domainOf(host)));
                }
            }
            if (floor == Integer.MAX_VALUE) {
                return HostTable.UNKNOWN;
            }
            ask.decideSpread(floor);
        }
        int preferred = ask.preferredHost();
        if (preferred != HostTable.UNKNOWN && hosts.exists(preferred) && passes(ask, preferred)) {
            return preferred;
        }
        int best = HostTable.UNKNOWN;
        long bestCost = Long.MAX_VALUE;
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host) && hasRoom(ask, host, times) && passes(ask, host)) {
                long cost = cost(ask, host, times, room, growing);
                if (cost < bestCost || (cost == bestCost && rank(host) < rank(best))) {
                    best = host;
                    bestCost = cost;
                }
            }
        }
        return best;
    }

    private boolean hasRoom(Ask ask, int host, int times) {
        return hosts.freeVcpus(host) >= times * ask.demand().vcpus()
                && hosts.freeMemoryMib(host) >= times * ask.demand().memoryMib();
    }

    private boolean passes(Ask ask, int host) {
        for (Filter filter : Filters.ALL) {
            if (filter.distance(hosts, host, ask) > 0) {
                return false;
            }
        }
        return true;
    }

    private long cost(Ask ask, int host, int times, RoomCost room, boolean growing) {
        Demand demand = ask.demand();
        long cost = room.cost(
                hosts.freeVcpus(host) - (long) times * demand.vcpus(),
                hosts.freeMemoryMib(host) - times * demand.memoryMib());
        if (growing && demand.numaNodes() > 0) {
            long whole =
                    Math.min(hosts.freeVcpus(host) / demand.vcpus(), hosts.freeMemoryMib(host) / demand.memoryMib());
            cost += GroupCost.STEP * Math.max(0, whole - NumaFit.copies(hosts, host, demand));
        }
        for (Scorer scorer : Scorers.ALL) {
            if (scorer.concerns(ask, inventory)) {
                cost += scorer.cost(inventory, host, ask);
            }
        }
        return cost;
    }

    private long rank(int host) {
        return inventory.index().rank(host);
    }
}
