package io.kelpie.common.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuotedTextTest {
    @Test
    void quotesAndEscapes() {
        assertThat(QuotedText.of("web")).isEqualTo("'web'");
        assertThat(QuotedText.of("")).isEqualTo("''");
        assertThat(QuotedText.of("a\n\r\t\u0000b")).isEqualTo("'a\\n\\r\\t\\u0000b'");
        assertThat(QuotedText.of("\u202e\u2028")).isEqualTo("'\\u202e\\u2028'");
        assertThat(QuotedText.of("\uD83D\uDE00")).isEqualTo("'\uD83D\uDE00'");
        assertThat(QuotedText.of("\uD83D")).isEqualTo("'\\ud83d'");
    }

    @Test
    void cutsWhatIsLong() {
        assertThat(QuotedText.of("x".repeat(60))).isEqualTo("'" + "x".repeat(60) + "'");
        assertThat(QuotedText.of("x".repeat(61))).isEqualTo("'" + "x".repeat(60) + "…' (61 characters)");
    }
}
