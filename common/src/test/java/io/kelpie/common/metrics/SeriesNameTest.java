package io.kelpie.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeriesNameTest {
    @Test
    void aKeyDoesNotDependOnTheOrderOfLabels() {
        assertThat(SeriesName.of("f", "b", "2", "a", "1").key())
                .isEqualTo("f{a=1,b=2}")
                .isEqualTo(SeriesName.of("f", "a", "1", "b", "2").key());
        assertThat(SeriesName.of("f").key()).isEqualTo("f");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "plain", "a,b=c", "{x}", "}", "\\", "\\}", "a\nb", "\"quoted\"", "ü€🐴", "trailing\\"})
    void aKeyIsReadBackWhateverTheValue(String value) {
        SeriesName name = SeriesName.of("family_total", "first", value, "second", value);
        assertThat(SeriesName.parse(name.key())).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f{", "f{}x", "f{a}", "f{a=1", "f{a=\\}", "f{a=1,", "f{a=1}b=2}", "1f", "", "f{a-b=1}"})
    void whatIsNoKeyIsRefused(String key) {
        assertThatThrownBy(() -> SeriesName.parse(key)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"le", "__name__", "a-b", "", "0a"})
    void reservedAndMalformedLabelsAreRefused(String label) {
        assertThatThrownBy(() -> SeriesName.of("f", label, "v"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("label name");
    }

    @Test
    void labelsArePairsAndGivenOnce() {
        assertThatThrownBy(() -> SeriesName.of("f", "a")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SeriesName.of("f", "a", "1", "a", "2"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("twice");
    }
}
