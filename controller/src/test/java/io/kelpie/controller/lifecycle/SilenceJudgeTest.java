package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.lifecycle.SilenceJudge.Resignation;
import io.kelpie.controller.lifecycle.SilenceJudge.Verdict;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SilenceJudgeTest {
    @ParameterizedTest
    @CsvSource({
        // lost, silent, hosts, may resign, verdict
        "0, 0, 10, ALLOWED, CALM",
        "2, 2, 3, ALLOWED, CALM", // two are never many
        "3, 3, 10, ALLOWED, CALM", // not more than 30 percent
        "4, 4, 10, ALLOWED, RESIGN",
        "4, 4, 10, NOT_NOW, SLOW",
        "1, 4, 10, ALLOWED, SLOW", // not at once
        "3, 3, 9, ALLOWED, RESIGN",
        "300, 300, 1000, ALLOWED, CALM",
        "301, 301, 1000, ALLOWED, RESIGN"
    })
    void manyAreMoreThanAThirdAndAtLeastThree(
            int lost, int silent, int hosts, Resignation resignation, Verdict verdict) {
        assertThat(SilenceJudge.judge(lost, silent, hosts, resignation)).isEqualTo(verdict);
    }

    @Test
    void fencesAreAnIntervalApartAndNotBeforeAColdStartIsOver() {
        assertThat(SilenceJudge.heldUntilNanos(OptionalLong.empty(), 300, 10)).isEqualTo(300);
        assertThat(SilenceJudge.heldUntilNanos(OptionalLong.of(250), 300, 10)).isEqualTo(300);
        assertThat(SilenceJudge.heldUntilNanos(OptionalLong.of(295), 300, 10)).isEqualTo(305);
        assertThat(SilenceJudge.heldUntilNanos(OptionalLong.of(500), 300, 10)).isEqualTo(510);
    }
}
