package io.kelpie.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BucketTimerTest {
    @Test
    void aDurationFallsIntoTheFirstBucketThatHoldsIt() {
        BucketReservoir buckets = new BucketReservoir(0.1, 1);

        buckets.update(TimeUnit.MILLISECONDS.toNanos(100));
        buckets.update(TimeUnit.MILLISECONDS.toNanos(100) + 1);
        buckets.update(TimeUnit.SECONDS.toNanos(1));
        buckets.update(TimeUnit.SECONDS.toNanos(9));

        assertThat(buckets.upperBoundsSeconds()).containsExactly(0.1, 1, Double.POSITIVE_INFINITY);
        assertThat(buckets.counts()).containsExactly(1, 2, 1);
        assertThat(buckets.sumSeconds()).isCloseTo(10.2, within(1e-6));
        assertThat(buckets.size()).isEqualTo(4);
    }

    @Test
    void quantilesHaveTheResolutionOfTheBuckets() {
        BucketReservoir buckets = new BucketReservoir(0.1, 1);
        assertThat(buckets.getSnapshot().getMedian()).isZero();

        for (int i = 0; i < 99; i++) {
            buckets.update(1);
        }
        buckets.update(TimeUnit.MILLISECONDS.toNanos(500));

        assertThat(buckets.getSnapshot().getMedian()).isEqualTo(1e8);
        assertThat(buckets.getSnapshot().getMax()).isEqualTo(1_000_000_000);
    }

    @Test
    void boundsMustAscend() {
        assertThatThrownBy(() -> new BucketReservoir(1, 0.5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BucketReservoir(1, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyWayToMeasureCounts() throws Exception {
        BucketTimer timer = new BucketTimer();

        timer.update(3, TimeUnit.SECONDS);
        timer.update(Duration.ofMillis(20));
        timer.time().stop();
        timer.time(() -> {});
        timer.time(() -> "called");
        timer.timeSupplier(() -> "supplied");
        timer.update(-1, TimeUnit.SECONDS);

        assertThat(timer.getCount()).isEqualTo(6);
        assertThat(Arrays.stream(timer.buckets().counts()).sum()).isEqualTo(6);
    }
}
