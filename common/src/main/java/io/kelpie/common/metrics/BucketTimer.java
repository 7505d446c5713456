package io.kelpie.common.metrics;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Timer;

/** A timer that keeps its durations in fixed buckets and can therefore be exposed as a histogram. */
final class BucketTimer extends Timer {
    /** From a plan in memory (100 µs) to a guest whose image is still being fetched (minutes). */
    private static final double[] UPPER_BOUNDS_SECONDS = {
        0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300
    };

    private final BucketReservoir buckets;

    BucketTimer() {
        this(new BucketReservoir(UPPER_BOUNDS_SECONDS));
    }

    private BucketTimer(BucketReservoir buckets) {
        super(buckets, Clock.defaultClock());
        this.buckets = buckets;
    }

    BucketReservoir buckets() {
        return buckets;
    }
}
