package io.kelpie.controller.replay.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TicksTest {
    @ParameterizedTest
    @ValueSource(doubles = {1, 2, 3, 5, 6, 7, 10, 11, 49, 61, 99, 100, 101, 1710, 116_313, 1_000_000})
    void countsAreWholeFewAndReachTheLargest(double max) {
        Ticks ticks = Ticks.counts(max, "");

        assertThat(ticks.max()).isGreaterThanOrEqualTo(max).isLessThanOrEqualTo(max * 2);
        assertThat(ticks.values())
                .hasSizeBetween(2, 9)
                .isSorted()
                .startsWith(0.0)
                .allMatch(value -> value % 1 == 0);
        assertThat(ticks.values().stream().map(ticks::label)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"10,seconds", "600,minutes", "14400,hours", "1209600,days"})
    void timeIsShownInTheUnitOfItsLength(double seconds, String unit) {
        Ticks ticks = Ticks.time(seconds);

        assertThat(ticks.unit()).isEqualTo(unit);
        assertThat(ticks.max()).isGreaterThanOrEqualTo(seconds - 1e-6);
        assertThat(ticks.values()).hasSizeBetween(2, 9);
    }

    @Test
    void labelsAreShort() {
        assertThat(Ticks.counts(200_000, "").label(50_000)).isEqualTo("50,000");
        assertThat(Ticks.time(14_400).label(9000)).isEqualTo("2.5");
        assertThat(Ticks.time(0).max()).isEqualTo(1);
    }
}
