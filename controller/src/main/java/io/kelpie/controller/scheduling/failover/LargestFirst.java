package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.Arrays;

/** The order in which VMs get their backups: the largest first; then by job and ordinal. Pure. */
final class LargestFirst {
    private final Inventory inventory;

    LargestFirst(Inventory inventory) {
        this.inventory = inventory;
    }

    void sort(IntList vms) {
        if (vms.size() < 2) {
            return;
        }
        Integer[] order = new Integer[vms.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = vms.get(i);
        }
        Arrays.sort(order, this::compare);
        vms.clear();
        for (int instance : order) {
            vms.add(instance);
        }
    }

    private int compare(int instance, int other) {
        Ask ask = inventory.askOf(instance);
        Ask otherAsk = inventory.askOf(other);
        int order = Long.compare(share(otherAsk.demand()), share(ask.demand()));
        if (order == 0) {
            order = ask.terms()
                    .members()
                    .key()
                    .compareTo(otherAsk.terms().members().key());
        }
        if (order == 0) {
            order = Integer.compare(ask.ordinal(), otherAsk.ordinal());
        }
        return order == 0 ? Integer.compare(instance, other) : order;
    }

    private long share(Demand demand) {
        return inventory.share(demand.vcpus(), demand.memoryMib() + demand.hugepagesMib());
    }
}
