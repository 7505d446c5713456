package io.kelpie.controller.scheduling.engine;

import org.jspecify.annotations.Nullable;

/**
 * The best host for the last request. If nothing has changed since but that less is left there, it is the best for the
 * next request of the same kind, too, as long as it passes: it costs less than before, and all others cost as much. VMs
 * of a job mostly come one after another. Belongs to one thread.
 */
final class LastBest {
    private final Inventory inventory;
    private int host = HostTable.UNKNOWN;
    private @Nullable Demand demand;
    private @Nullable RoomCost room;
    private long changes;
    private int vcpus;
    private long memoryMib;

    LastBest(Inventory inventory) {
        this.inventory = inventory;
    }

    /** A request has got its answer; {@link HostTable#UNKNOWN} if there is no such host. */
    void set(Ask ask, RoomCost cost, int best) {
        host = isPlain(ask, cost) ? best : HostTable.UNKNOWN;
        if (host != HostTable.UNKNOWN) {
            demand = ask.demand();
            room = cost;
            changes = inventory.index().changes();
            vcpus = inventory.hosts().roomVcpus(host);
            memoryMib = inventory.hosts().roomMemoryMib(host);
        }
    }

    /** The host that is the best for a request if it passes; {@link HostTable#UNKNOWN} if that is not known. */
    int of(Ask ask, RoomCost cost) {
        boolean known = host != HostTable.UNKNOWN
                && demand == ask.demand()
                && room == cost
                && isPlain(ask, cost)
                && inventory.index().changes() == changes + 1
                && inventory.index().lastChanged() == host
                && isBetween(inventory.hosts().roomVcpus(host), ask.demand().vcpus(), vcpus)
                && isBetween(inventory.hosts().roomMemoryMib(host), ask.demand().memoryMib(), memoryMib);
        return known ? host : HostTable.UNKNOWN;
    }

    /** Whether only the demand and what is left on hosts decide. */
    private boolean isPlain(Ask ask, RoomCost cost) {
        return !ask.terms().lookAtOthers()
                && !ask.isBound()
                && ask.preferredHost() == HostTable.UNKNOWN
                && ask.avoidedHosts().isEmpty()
                && !cost.moreIsBetter()
                && inventory.reserve() == Reserve.NONE;
    }

    private static boolean isBetween(long amount, long least, long most) {
        return amount >= least && amount <= most;
    }
}
