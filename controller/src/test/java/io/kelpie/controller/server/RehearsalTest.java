package io.kelpie.controller.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class RehearsalTest {
    @Test
    void everyTermComesToAVmThatRuns() throws InterruptedException {
        assertThat(Rehearsal.play(3)).isEqualTo(3);
    }

    @Test
    void theMarkOfItsLogLinesGoesWithIt() throws InterruptedException {
        Rehearsal.play(1);
        assertThat(MDC.get(Rehearsal.LOG_MARK)).isNull();
    }
}
