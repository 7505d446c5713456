package io.kelpie.common.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseProfileTest {
    @Test
    void theLeaderOutwaitsTheSlowestClock() {
        assertThat(LeaseProfile.STANDARD.times().fenceWait())
                .isBetween(Duration.ofMillis(14_242), Duration.ofMillis(14_243));
        assertThat(LeaseProfile.LARGE.times().fenceWait())
                .isBetween(Duration.ofMillis(16_282), Duration.ofMillis(16_283));
    }

    @Test
    void aWordNamesAProfile() {
        for (LeaseProfile profile : LeaseProfile.values()) {
            assertThat(LeaseProfile.ofWord(profile.word())).isEqualTo(profile);
        }
        assertThatThrownBy(() -> LeaseProfile.ofWord("LARGE"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("standard");
    }
}
