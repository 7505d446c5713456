package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.lifecycle.HostFacts.Lease;
import io.kelpie.controller.lifecycle.HostFacts.LeaseEnd;
import io.kelpie.controller.lifecycle.HostFacts.Stream;
import io.kelpie.controller.lifecycle.HostHealth.Status;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class HostHealthTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE = 3 * SECOND;
    private static final long FENCEABLE = 20 * SECOND;

    @Test
    void aHostThatIsHeardAndHoldsALeaseIsReady() {
        HostHealth health = judge(Optional.empty(), Stream.OPEN, 9 * SECOND, 10 * SECOND);
        assertThat(health)
                .isEqualTo(
                        new HostHealth(Status.READY, 10 * SECOND, "its agent is connected", "", OptionalLong.empty()));
    }

    @Test
    void aHostWithoutALeaseIsNotReady() {
        HostFacts facts = facts(Stream.OPEN, OptionalLong.of(9 * SECOND), Lease.NONE);
        HostHealth health = HostHealth.judge(Optional.empty(), facts, 10 * SECOND, PATIENCE);
        assertThat(health.status()).isEqualTo(Status.SUSPECT);
        assertThat(health.reason()).contains("no lease");
    }

    @Test
    void aHostThatWasNeverHeardIsSuspect() {
        HostFacts facts = facts(Stream.OPEN, OptionalLong.empty(), Lease.NONE);
        HostHealth health = HostHealth.judge(Optional.empty(), facts, SECOND, PATIENCE);
        assertThat(health.status()).isEqualTo(Status.SUSPECT);
        assertThat(health.reason()).isEqualTo("not heard since this controller leads");
    }

    @Test
    void aClosedStreamIsSuspectAtOnceAndSinceItWasLastHeard() {
        HostHealth ready = judge(Optional.empty(), Stream.OPEN, 9 * SECOND, 9 * SECOND);
        HostHealth suspect = judge(Optional.of(ready), Stream.CLOSED, 9 * SECOND, 10 * SECOND);
        assertThat(suspect.status()).isEqualTo(Status.SUSPECT);
        assertThat(suspect.sinceNanos()).isEqualTo(9 * SECOND);
        assertThat(suspect.reason()).isEqualTo("its agent closed the stream");
    }

    @Test
    void silenceOnAnOpenStreamIsSuspectAfterThePatience() {
        assertThat(judge(Optional.empty(), Stream.OPEN, 0, PATIENCE).status()).isEqualTo(Status.READY);
        HostHealth suspect = judge(Optional.empty(), Stream.OPEN, 0, PATIENCE + 1);
        assertThat(suspect.status()).isEqualTo(Status.SUSPECT);
        assertThat(suspect.sinceNanos()).isZero();
        assertThat(suspect.reason()).isEqualTo("silent for more than 3000 ms");
    }

    @Test
    void aSuspectHostSaysWhenItsVmsAreStartedElsewhere() {
        HostHealth suspect = judge(Optional.empty(), Stream.CLOSED, 0, SECOND);
        assertThat(suspect.nextStep()).contains("its leased VMs are started elsewhere");
        assertThat(suspect.nextStepAtNanos()).hasValue(FENCEABLE);
    }

    @Test
    void aFaultyHostIsSuspectAlthoughItIsHeard() {
        HostFacts facts = new HostFacts(
                "h1",
                Stream.OPEN,
                OptionalLong.of(SECOND),
                Lease.GRANTED,
                Optional.empty(),
                "VM web-0 hangs",
                LeaseEnd.BOUNDED,
                FENCEABLE,
                OptionalLong.empty());
        HostHealth health = HostHealth.judge(Optional.empty(), facts, SECOND, PATIENCE);
        assertThat(health.status()).isEqualTo(Status.SUSPECT);
        assertThat(health.reason()).isEqualTo("VM web-0 hangs");
    }

    @Test
    void aLeaseWithoutAnEndWaitsForSomeone() {
        HostFacts facts = new HostFacts(
                "h1",
                Stream.CLOSED,
                OptionalLong.of(0),
                Lease.NONE,
                Optional.empty(),
                "",
                LeaseEnd.UNTIL_THAW,
                FENCEABLE,
                OptionalLong.empty());
        HostHealth health = HostHealth.judge(Optional.empty(), facts, SECOND, PATIENCE);
        assertThat(health.nextStep()).contains("kelpie host confirm-dead h1");
        assertThat(health.nextStepAtNanos()).isEmpty();
    }

    @Test
    void aHostHeldBackAmongManySaysUntilWhen() {
        HostFacts facts = new HostFacts(
                "h1",
                Stream.CLOSED,
                OptionalLong.of(0),
                Lease.NONE,
                Optional.empty(),
                "",
                LeaseEnd.BOUNDED,
                FENCEABLE,
                OptionalLong.of(FENCEABLE + SECOND));
        HostHealth health = HostHealth.judge(Optional.empty(), facts, SECOND, PATIENCE);
        assertThat(health.nextStep()).contains("too many hosts are silent");
        assertThat(health.nextStepAtNanos()).hasValue(FENCEABLE + SECOND);
    }

    @Test
    void aFencedHostStaysFencedWhateverIsHeardAndSaysWhatFreesTheRest() {
        for (FencedBy cause : FencedBy.values()) {
            HostFacts facts = new HostFacts(
                    "h1",
                    Stream.OPEN,
                    OptionalLong.of(SECOND),
                    Lease.GRANTED,
                    Optional.of(cause),
                    "",
                    LeaseEnd.BOUNDED,
                    FENCEABLE,
                    OptionalLong.empty());
            HostHealth health = HostHealth.judge(Optional.empty(), facts, SECOND, PATIENCE);
            assertThat(health.status()).isEqualTo(Status.FENCED);
            assertThat(health.nextStep())
                    .contains(cause == FencedBy.LEASE_ENDED ? "kelpie host confirm-dead h1" : "kelpie host rm h1");
        }
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
        return HostHealth.judge(before, facts(stream, OptionalLong.of(heard), Lease.GRANTED), now, PATIENCE);
    }

    private static HostFacts facts(Stream stream, OptionalLong heard, Lease lease) {
        return new HostFacts(
                "h1", stream, heard, lease, Optional.empty(), "", LeaseEnd.BOUNDED, FENCEABLE, OptionalLong.empty());
    }
}
