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
        return !ask.shape().images().isEmpty();
    }

    @Override
    public long leastWithoutImages(Ask ask, SchedulingPolicy policy) {
        return policy.imageWeight() * POINT / ask.shape().images().size();
    }

    @Override
    public long cost(Inventory inventory, int host, Ask ask) {
        long missing = 0;
        for (String image : ask.shape().images()) {
            missing += inventory.hosts().hasImage(host, image) ? 0 : 1;
        }
        return inventory.policy().imageWeight()
                * POINT
                * missing
                / ask.shape().images().size();
    }
}
