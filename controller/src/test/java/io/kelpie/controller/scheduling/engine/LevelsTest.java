package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LevelsTest {
    @Test
    void everyAmountIsWithinTheBoundsOfItsLevel() {
        for (long amount = 0; amount < 100_000; amount++) {
            int level = Levels.of(amount);
            assertThat(Levels.floor(level)).isLessThanOrEqualTo(amount);
            assertThat(Levels.ceiling(level)).isGreaterThanOrEqualTo(amount);
        }
    }

    @Test
    void levelsFollowEachOtherWithoutGaps() {
        for (int level = 0; level < Levels.of(1L << 40); level++) {
            assertThat(Levels.floor(level + 1)).isEqualTo(Levels.ceiling(level) + 1);
            assertThat(Levels.of(Levels.floor(level))).isEqualTo(level);
            assertThat(Levels.ceiling(level) - Levels.floor(level)).isLessThanOrEqualTo(Levels.floor(level) / 8);
        }
    }

    @Test
    void whatIsOverfullIsInTheLowestLevel() {
        assertThat(Levels.of(-1)).isZero();
        assertThat(Levels.of(Long.MIN_VALUE)).isZero();
    }
}
