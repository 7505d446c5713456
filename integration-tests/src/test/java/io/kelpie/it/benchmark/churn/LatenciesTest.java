package io.kelpie.it.benchmark.churn;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatenciesTest {
    @Test
    void quantilesAreOfWhatWasAddedSinceItWasCleared() {
        Latencies latencies = new Latencies();
        latencies.add(Kind.PLAIN, 5_000_000);
        latencies.clear();
        for (int i = 100; i >= 1; i--) {
            latencies.add(Kind.PLAIN, i * 1_000L);
        }

        assertThat(latencies.size()).isEqualTo(100);
        assertThat(latencies.quantileMicros(0.50)).isEqualTo(50);
        assertThat(latencies.quantileMicros(0.99)).isEqualTo(99);
        assertThat(latencies.quantileMicros(1)).isEqualTo(100);
    }

    @Test
    void meansAreByKind() {
        Latencies latencies = new Latencies();
        latencies.add(Kind.NUMA, 1_000);
        latencies.add(Kind.NUMA, 3_000);
        latencies.add(Kind.SPREAD, 9_000);

        assertThat(latencies.meanMicros(Kind.NUMA)).isEqualTo(2);
        assertThat(latencies.meanMicros(Kind.SPREAD)).isEqualTo(9);
        assertThat(latencies.meanMicros(Kind.LABELS)).isZero();
    }

    @Test
    void ofNothingItIsNothing() {
        assertThat(new Latencies().quantileMicros(0.5)).isZero();
    }

    @Test
    void itGrows() {
        Latencies latencies = new Latencies();
        int count = (1 << 20) + 10;
        for (int i = 0; i < count; i++) {
            latencies.add(Kind.PLAIN, i);
        }

        assertThat(latencies.size()).isEqualTo(count);
        assertThat(latencies.quantileMicros(1)).isEqualTo((count - 1) / 1e3);
    }
}
