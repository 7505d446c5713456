package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.Comparator;

/** Orders instances, the least important first: by priority, then the youngest, then by seed and id. */
final class Importance implements Comparator<Integer> {
    private final Inventory inventory;
    private final Instances instances;

    Importance(Inventory inventory) {
        this.inventory = inventory;
        instances = inventory.instances();
    }

    @Override
    public int compare(Integer one, Integer other) {
        int order = Integer.compare(
                instances.ask(one).priority(), instances.ask(other).priority());
        if (order == 0) {
            order = Long.compare(instances.sinceMillis(other), instances.sinceMillis(one));
        }
        if (order == 0) {
            order = Long.compare(
                    inventory.vmRank(instances.ask(one).vmId()),
                    inventory.vmRank(instances.ask(other).vmId()));
        }
        return order == 0
                ? instances.ask(one).vmId().compareTo(instances.ask(other).vmId())
                : order;
    }
}
