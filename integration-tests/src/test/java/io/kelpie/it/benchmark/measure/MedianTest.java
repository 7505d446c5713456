package io.kelpie.it.benchmark.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MedianTest {
    @Test
    void isTheMiddleOne() {
        assertThat(Median.of(9, 1, 5)).isEqualTo(5);
    }

    @Test
    void isTheMeanOfTheTwoInTheMiddle() {
        assertThat(Median.of(List.of("aaaa", "a", "bb", "bbbbbb"), String::length))
                .isEqualTo(3);
    }

    @Test
    void ofNothingIsNothing() {
        assertThat(Median.of()).isZero();
    }
}
