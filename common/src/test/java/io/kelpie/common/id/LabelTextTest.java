package io.kelpie.common.id;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelTextTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "7", "ssd", "kelpie.io/a_B-c", "1.2_3-x/Y", "a--b"})
    void lettersDigitsAndSomeSignsBetweenThem(String text) {
        assertThat(LabelText.isValid(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "-a", "a-", ".", "a b", "a,b", "a=b", "a\n", "a\u0000b", "ä", "web😀"})
    void nothingElse(String text) {
        assertThat(LabelText.isValid(text)).isFalse();
    }

    @Test
    void sixtyThreeCharactersAtMost() {
        assertThat(LabelText.isValid("x".repeat(63))).isTrue();
        assertThat(LabelText.isValid("x".repeat(64))).isFalse();
    }
}
