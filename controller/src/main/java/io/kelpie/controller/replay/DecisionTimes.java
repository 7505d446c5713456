package io.kelpie.controller.replay;

import java.util.Arrays;

/** How long an engine took: the sum, and every call to place. Eight bytes a call. Used by one thread. */
public final class DecisionTimes {
    private static final int INITIAL_SAMPLES = 1024;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final double NANOS_PER_SECOND = 1e9;

    private long[] nanos = new long[INITIAL_SAMPLES];
    private int size;
    private boolean sorted;
    private long totalNanos;

    void placing(long took) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, Math.multiplyExact(size, 2));
        }
        nanos[size++] = took;
        sorted = false;
        totalNanos += took;
    }

    void removing(long took) {
        totalNanos += took;
    }

    /** Time that passed in the engine, removals included. */
    public double totalSeconds() {
        return totalNanos / NANOS_PER_SECOND;
    }

    /**
     * The time in microseconds that so many of the calls to place needed at most; 0 if there was none.
     *
     * @param share above 0 and up to 1
     */
    public double quantileMicros(double share) {
        if (size == 0) {
            return 0;
        }
        if (!sorted) {
            Arrays.sort(nanos, 0, size);
            sorted = true;
        }
        int rank = (int) Math.ceil(share * size);
        return nanos[Math.max(rank, 1) - 1] / NANOS_PER_MICRO;
    }
}
