package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Inventory;

/**
 * Keeps for others what they alone can use: a host with free devices for VMs that ask for devices, and room beside a
 * group that has to stay together for the group's next VMs. Any host without such room is better.
 */
final class ReserveScorer implements Scorer {
    private static final long DEVICES = 50 * POINT;
    private static final long GROUP = 200 * POINT;

    @Override
    public String name() {
        return "reserve";
    }

    @Override
    public boolean concerns(Ask ask, Inventory inventory) {
        return inventory.hasReserves();
    }

    @Override
    public long cost(Inventory inventory, int host, Ask ask) {
        return least(ask, inventory.hosts().hasFreeDevices(host), inventory.isHeldForGroup(host, ask));
    }

    @Override
    public long least(Ask ask, boolean freeDevices, boolean held) {
        long cost = ask.demand().deviceCount() == 0 && freeDevices ? DEVICES : 0;
        return held ? cost + GROUP : cost;
    }
}
