package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DecisionTimesTest {
    @Test
    void quantilesAreOfTheCallsToPlaceAndTheTotalOfAll() {
        DecisionTimes times = new DecisionTimes();
        for (int i = 5000; i > 0; i--) {
            times.placing(i * 1000L);
        }
        times.removing(1_000_000_000);

        assertThat(times.quantileMicros(0.5)).isEqualTo(2500);
        assertThat(times.quantileMicros(0.99)).isEqualTo(4950);
        assertThat(times.quantileMicros(1)).isEqualTo(5000);
        assertThat(times.totalSeconds()).isEqualTo(1 + 12.5025);
    }

    @Test
    void withoutCallsAllIsZero() {
        assertThat(new DecisionTimes().quantileMicros(0.99)).isZero();
        assertThat(new DecisionTimes().totalSeconds()).isZero();
    }
}
