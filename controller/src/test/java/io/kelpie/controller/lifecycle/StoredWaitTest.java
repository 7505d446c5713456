package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StoredWaitTest {
    @Test
    void itIsOverAtItsEnd() {
        assertThat(StoredWait.isOver(1_000, 2_000, 1_000)).isFalse();
        assertThat(StoredWait.isOver(1_000, 2_000, 1_999)).isFalse();
        assertThat(StoredWait.isOver(1_000, 2_000, 2_000)).isTrue();
    }

    @Test
    void itIsOverIfTheClockWasSetBackBehindItsBegin() {
        assertThat(StoredWait.isOver(1_000, 2_000, 999)).isTrue();
    }

    @Test
    void noWaitIsOver() {
        assertThat(StoredWait.isOver(1_000, 0, 1_000)).isTrue();
    }
}
