package io.kelpie.controller.view;

import java.util.List;

/** What operators see of a freeze. Thread-safe. */
public final class FreezeView {
    /**
     * How it is now.
     *
     * @param untilMillis when the leader thaws by itself, in milliseconds since 1970; 0: not frozen
     * @param awaited names of hosts whose lease is not yet known to be as the freeze, or its end, wants it
     */
    public record State(long untilMillis, List<String> awaited) {
        public State {
            awaited = List.copyOf(awaited);
        }
    }

    private volatile State state = new State(0, List.of());

    public void show(long untilMillis, List<String> awaited) {
        state = new State(untilMillis, awaited);
    }

    public State state() {
        return state;
    }
}
