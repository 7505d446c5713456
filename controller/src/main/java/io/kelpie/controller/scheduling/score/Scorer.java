package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Inventory;

/** Something that makes one host that passes every rule worse than another, beside the room that is left. Stateless. */
public interface Scorer {
    /** One point of 100. */
    long POINT = 10_000;

    /** Its name, as {@code explain} shows it. */
    String name();

    /** False if it costs the same on every host for this request. */
    boolean concerns(Ask ask, Inventory inventory);

    /** From 0, the best; allocates nothing. */
    long cost(Inventory inventory, int host, Ask ask);

    /**
     * No host costs less that is like this.
     *
     * @param freeDevices whether it has devices that nobody holds
     * @param held whether it is held for a group that the request is not of
     */
    default long least(Ask ask, boolean freeDevices, boolean held) {
        return 0;
    }

    /** No host costs less that has not all of the request's images. */
    default long leastWithoutImages(Ask ask, SchedulingPolicy policy) {
        return 0;
    }

    /** No host costs less that is not in the domain of any job that the request prefers to be near to. */
    default long leastAway(Ask ask, SchedulingPolicy policy) {
        return 0;
    }
}
