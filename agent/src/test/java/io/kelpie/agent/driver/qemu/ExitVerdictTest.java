package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.agent.driver.guard.GuardExit.How;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.agent.driver.guard.ProcessIdentity;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExitVerdictTest {
    private static final Optional<GuardRecord> RECORD = Optional.of(new GuardRecord(
            new InstanceId(new UUID(0, 1), 1), "this boot", new ProcessIdentity(1, 1), new ProcessIdentity(2, 2)));

    static Stream<Arguments> exits() {
        return Stream.of(
                Arguments.of(How.EXITED, 0, true, "guest-shutdown", Cause.GUEST_SHUTDOWN),
                Arguments.of(How.EXITED, 0, true, "guest-panic", Cause.CRASHED),
                Arguments.of(How.EXITED, 0, true, "host-signal", Cause.CRASHED),
                Arguments.of(How.EXITED, 0, true, "host-qmp-quit", Cause.CRASHED),
                Arguments.of(How.EXITED, 0, true, "", Cause.CRASHED),
                Arguments.of(How.EXITED, 1, true, "guest-shutdown", Cause.CRASHED),
                Arguments.of(How.SIGNALED, 9, true, "guest-shutdown", Cause.CRASHED),
                Arguments.of(How.SIGNALED, 11, true, "", Cause.CRASHED),
                Arguments.of(How.EXITED, 1, false, "", Cause.START_FAILED),
                Arguments.of(How.SIGNALED, 6, false, "", Cause.START_FAILED),
                Arguments.of(How.EXEC_FAILED, 2, false, "", Cause.START_FAILED));
    }

    @ParameterizedTest
    @MethodSource("exits")
    void anExitFileDecides(How how, int number, boolean answered, String reason, Cause cause) {
        GuardExit exit =
                new GuardExit(how, number, answered, reason.isEmpty() ? Optional.empty() : Optional.of(reason));

        ExitInfo uncommanded = ExitVerdict.of(RECORD, Optional.of(exit), false, "this boot", "tail");
        ExitInfo commanded = ExitVerdict.of(RECORD, Optional.of(exit), true, "this boot", "tail");

        assertThat(uncommanded.cause()).isEqualTo(cause);
        assertThat(commanded.cause()).isEqualTo(Cause.COMMANDED);
        assertThat(uncommanded.exitCode()).isEqualTo(how == How.EXITED ? number : 0);
        assertThat(uncommanded.signal()).isEqualTo(how == How.SIGNALED ? number : 0);
        assertThat(uncommanded.message()).isNotEmpty();
        assertThat(uncommanded.stderrTail()).isEqualTo("tail");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theEndOfALeaseIsACauseOfItsOwn(boolean commanded) {
        GuardExit refused = new GuardExit(How.REFUSED, 0, false, Optional.empty());
        GuardExit killed = new GuardExit(How.DEADLINE, 9, true, Optional.empty());
        GuardExit killedEarly = new GuardExit(How.DEADLINE, 9, false, Optional.empty());

        ExitInfo never = ExitVerdict.of(RECORD, Optional.of(refused), commanded, "this boot", "");
        assertThat(never.cause()).isEqualTo(Cause.LEASE_ENDED);
        assertThat(never.signal()).isZero();
        assertThat(never.message()).contains("it was not run");
        for (GuardExit exit : List.of(killed, killedEarly)) {
            ExitInfo ended = ExitVerdict.of(RECORD, Optional.of(exit), commanded, "next boot", "");
            assertThat(ended.cause()).isEqualTo(Cause.LEASE_ENDED);
            assertThat(ended.signal()).isEqualTo(9);
            assertThat(ended.message()).contains("lease ended");
        }
    }

    @Test
    void anExitFileOutlivesAReboot() {
        GuardExit exit = new GuardExit(How.EXITED, 0, true, Optional.of("guest-shutdown"));

        assertThat(ExitVerdict.of(RECORD, Optional.of(exit), false, "next boot", "")
                        .cause())
                .isEqualTo(Cause.GUEST_SHUTDOWN);
    }

    @Test
    void withoutAnExitFileTheGuardWasKilledOrTheHostRebooted() {
        assertThat(without(RECORD, false, "this boot").cause()).isEqualTo(Cause.CRASHED);
        assertThat(without(RECORD, false, "this boot").signal()).isEqualTo(9);
        assertThat(without(RECORD, true, "this boot").cause()).isEqualTo(Cause.COMMANDED);
        assertThat(without(RECORD, false, "next boot").cause()).isEqualTo(Cause.LOST);
        assertThat(without(Optional.empty(), false, "this boot").cause()).isEqualTo(Cause.START_FAILED);
    }

    private static ExitInfo without(Optional<GuardRecord> record, boolean commanded, String bootId) {
        return ExitVerdict.of(record, Optional.empty(), commanded, bootId, "");
    }
}
