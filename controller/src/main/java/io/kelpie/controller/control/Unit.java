package io.kelpie.controller.control;

import io.kelpie.controller.store.Write;
import java.util.ArrayList;
import java.util.List;

/**
 * One change of the cluster: writes that are applied together, and what may happen only once they are durable.
 *
 * <p>A unit without writes is a place in the order: its effects wait for all units before it. Filled on the control
 * thread, then handed to {@link CommitPipeline#submit}.
 */
final class Unit {
    /** What may happen once the writes are durable. Runs on the control thread and must not block. */
    @FunctionalInterface
    interface Effect {
        void run();
    }

    /** Told when the unit will never be committed under this term; nothing of it was applied. */
    @FunctionalInterface
    interface Abandoned {
        void run();
    }

    private final List<Write> writes = new ArrayList<>();
    private final List<Effect> effects = new ArrayList<>();
    private final List<Abandoned> abandoned = new ArrayList<>();
    private boolean last;

    Unit write(Write write) {
        writes.add(write);
        return this;
    }

    Unit then(Effect effect) {
        effects.add(effect);
        return this;
    }

    Unit orElse(Abandoned action) {
        abandoned.add(action);
        return this;
    }

    /** Nothing more is written under the term: what is submitted behind this unit is abandoned. */
    Unit last() {
        last = true;
        return this;
    }

    boolean isLast() {
        return last;
    }

    List<Write> writes() {
        return writes;
    }

    long bytes() {
        long bytes = 0;
        for (Write write : writes) {
            if (write instanceof Write.Put put) {
                bytes += put.value().size();
            }
        }
        return bytes;
    }

    void runEffects() {
        effects.forEach(Effect::run);
    }

    void abandon() {
        abandoned.forEach(Abandoned::run);
    }
}
