package io.kelpie.common.metrics;

import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.WeightedSnapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts durations in nanoseconds into fixed buckets, for as long as the process lives. Unlike a sample of the recent
 * past, such counts can be summed over machines and over time. Safe for use by any thread; an update takes no lock.
 */
final class BucketReservoir implements Reservoir {
    private static final double NANOS_PER_SECOND = 1e9;

    private final double[] upperBoundsSeconds;
    private final long[] upperBoundsNanos;
    private final LongAdder[] counts;
    private final LongAdder sumNanos = new LongAdder();

    /**
     * @param upperBoundsSeconds inclusive upper bounds in seconds, ascending; a last bucket without a bound is added
     */
    BucketReservoir(double... upperBoundsSeconds) {
        int finite = upperBoundsSeconds.length;
        this.upperBoundsSeconds = Arrays.copyOf(upperBoundsSeconds, finite + 1);
        this.upperBoundsSeconds[finite] = Double.POSITIVE_INFINITY;
        this.upperBoundsNanos = new long[finite + 1];
        this.counts = new LongAdder[finite + 1];
        for (int i = 0; i <= finite; i++) {
            this.upperBoundsNanos[i] =
                    i == finite ? Long.MAX_VALUE : Math.round(upperBoundsSeconds[i] * NANOS_PER_SECOND);
            this.counts[i] = new LongAdder();
            if (i > 0 && this.upperBoundsNanos[i] <= this.upperBoundsNanos[i - 1]) {
                throw new IllegalArgumentException("bounds do not ascend: " + Arrays.toString(upperBoundsSeconds));
            }
        }
    }

    @Override
    public void update(long nanos) {
        int at = Arrays.binarySearch(upperBoundsNanos, nanos);
        counts[at >= 0 ? at : -at - 1].increment();
        sumNanos.add(nanos);
    }

    /** The upper bound of each bucket in seconds; the last is infinite. */
    double[] upperBoundsSeconds() {
        return upperBoundsSeconds.clone();
    }

    /** How many durations fell into each bucket, not cumulated. */
    long[] counts() {
        return Arrays.stream(counts).mapToLong(LongAdder::sum).toArray();
    }

    /** The sum of all durations in seconds. */
    double sumSeconds() {
        return sumNanos.sum() / NANOS_PER_SECOND;
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, Arrays.stream(counts()).sum());
    }

    /** Quantiles at the resolution of the buckets: each duration is taken for its bucket's upper bound. */
    @Override
    public Snapshot getSnapshot() {
        long[] now = counts();
        List<WeightedSnapshot.WeightedSample> samples = new ArrayList<>();
        for (int i = 0; i < now.length; i++) {
            if (now[i] > 0) {
                samples.add(new WeightedSnapshot.WeightedSample(upperBoundsNanos[i], now[i]));
            }
        }
        return new WeightedSnapshot(samples);
    }
}
