package io.kelpie.it.benchmark.churn;

import java.util.Arrays;

/** Durations of single decisions that were timed, the first so many of a window. Used by one thread. */
public final class Latencies {
    private static final int INITIAL = 1 << 20;
    private static final int MAX = 1 << 24;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final double NANOS_PER_SECOND = 1e9;

    private int[] nanos = new int[INITIAL];
    private int size;
    private final KindCounts sums = new KindCounts();
    private final KindCounts counts = new KindCounts();

    void clear() {
        size = 0;
        sums.clear();
        counts.clear();
    }

    void add(Kind kind, long took) {
        sums.add(kind, took);
        counts.add(kind, 1);
        if (size == nanos.length) {
            if (size == MAX) {
                return;
            }
            nanos = Arrays.copyOf(nanos, size * 2);
        }
        nanos[size++] = (int) Math.min(Integer.MAX_VALUE, took);
    }

    public int size() {
        return size;
    }

    /** The mean of the decisions on VMs of a kind; 0 if there was none. */
    public double meanMicros(Kind kind) {
        return sums.get(kind) / NANOS_PER_MICRO / Math.max(1, counts.get(kind));
    }

    /** Decisions in a second of nothing but decisions; 0 if there was none. */
    public double perSecond() {
        long nanos = 0;
        long count = 0;
        for (Kind kind : Kind.values()) {
            nanos += sums.get(kind);
            count += counts.get(kind);
        }
        return count * NANOS_PER_SECOND / Math.max(1, nanos);
    }

    /** The duration that so large a share needed at most; 0 if there was none. */
    public double quantileMicros(double share) {
        if (size == 0) {
            return 0;
        }
        int[] sorted = Arrays.copyOf(nanos, size);
        Arrays.sort(sorted);
        return sorted[Math.max(1, (int) Math.ceil(share * size)) - 1] / NANOS_PER_MICRO;
    }
}
