package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Inventory;

/** A host that has the VM's images starts it sooner: costs the share of them that it has to fetch. */
final class ImageScorer implements Scorer {
    @Override
    public String name() {
        return "images";
    }

    @Override
    public boolean concerns(Ask ask, Inventory inventory) {
        return ask.demand().imageCount() > 0;
    }

    @Override
    public long leastWithoutImages(Ask ask, SchedulingPolicy policy) {
        return policy.imageWeight() * POINT / ask.demand().imageCount();
    }

    @Override
    public long cost(Inventory inventory, int host, Ask ask) {
        return inventory.policy().imageWeight()
                * POINT
                * ask.demand().missingImages(inventory.hosts(), host)
                / ask.demand().imageCount();
    }
}
