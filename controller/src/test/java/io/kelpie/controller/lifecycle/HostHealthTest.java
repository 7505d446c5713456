package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.lifecycle.HostHealth.Status;
import io.kelpie.controller.lifecycle.HostHealth.Stream;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class HostHealthTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE = 3 * SECOND;

    @Test
    void aHostThatIsHeardIsReady() {
        HostHealth health = judge(Optional.empty(), Stream.OPEN, 9 * SECOND, 10 * SECOND);
        assertThat(health).isEqualTo(new HostHealth(Status.READY, 10 * SECOND, "its agent is connected"));
    }

    @Test
    void aHostThatWasNeverHeardIsSuspect() {
        HostHealth health = HostHealth.judge(Optional.empty(), Stream.OPEN, OptionalLong.empty(), SECOND, PATIENCE);
        assertThat(health.status()).isEqualTo(Status.SUSPECT);
        assertThat(health.reason()).isEqualTo("not heard since this controller leads");
    }

    @Test
    void aClosedStreamIsSuspectAtOnceAndSinceItWasLastHeard() {
        HostHealth ready = judge(Optional.empty(), Stream.OPEN, 9 * SECOND, 9 * SECOND);
        HostHealth suspect = judge(Optional.of(ready), Stream.CLOSED, 9 * SECOND, 10 * SECOND);
        assertThat(suspect).isEqualTo(new HostHealth(Status.SUSPECT, 9 * SECOND, "its agent closed the stream"));
    }

    @Test
    void silenceOnAnOpenStreamIsSuspectAfterThePatience() {
        assertThat(judge(Optional.empty(), Stream.OPEN, 0, PATIENCE).status()).isEqualTo(Status.READY);
        HostHealth suspect = judge(Optional.empty(), Stream.OPEN, 0, PATIENCE + 1);
        assertThat(suspect).isEqualTo(new HostHealth(Status.SUSPECT, 0, "silent for more than 3000 ms"));
    }

    @Test
    void theBeginningHoldsAsLongAsTheStatus() {
        HostHealth first = judge(Optional.empty(), Stream.OPEN, 0, SECOND);
        HostHealth second = judge(Optional.of(first), Stream.OPEN, 2 * SECOND, 2 * SECOND);
        assertThat(second).isEqualTo(first);

        HostHealth closed = judge(Optional.of(second), Stream.CLOSED, 2 * SECOND, 3 * SECOND);
        HostHealth silent = judge(Optional.of(closed), Stream.CLOSED, 2 * SECOND, 20 * SECOND);
        assertThat(silent.sinceNanos()).isEqualTo(closed.sinceNanos());
        assertThat(silent.reason()).isNotEqualTo(closed.reason());
    }

    @Test
    void monotonicClocksMayBeNegativeAndWrap() {
        long heard = Long.MAX_VALUE - SECOND;
        assertThat(judge(Optional.empty(), Stream.OPEN, heard, heard + 2 * SECOND)
                        .status())
                .isEqualTo(Status.READY);
        assertThat(judge(Optional.empty(), Stream.OPEN, -10 * SECOND, -5 * SECOND)
                        .status())
                .isEqualTo(Status.SUSPECT);
    }

    private static HostHealth judge(Optional<HostHealth> before, Stream stream, long heard, long now) {
        return HostHealth.judge(before, stream, OptionalLong.of(heard), now, PATIENCE);
    }
}
