package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.libvirt.DomainLog.Reason;
import io.kelpie.agent.driver.libvirt.LifecycleSignal.Change;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExitReportTest {
    private static final DomainLog SILENT = new DomainLog(Optional.empty(), OptionalInt.empty(), "said");

    @ParameterizedTest
    @CsvSource({
        "SHUTDOWN_BY_GUEST, STOPPED_SHUTDOWN, GUEST_SHUTDOWN",
        "SHUTDOWN_BY_HOST, STOPPED_SHUTDOWN, CRASHED",
        ", STOPPED_SHUTDOWN, GUEST_SHUTDOWN",
        ", STOPPED_DESTROYED, CRASHED",
        "SHUTDOWN_BY_GUEST, STOPPED_DESTROYED, CRASHED",
        ", STOPPED_CRASHED, CRASHED",
        ", STOPPED_TAKEN, CRASHED",
        ", , LOST",
    })
    void followsWhatLibvirtSays(Change shutdown, Change stopped, Cause cause) {
        ExitInfo exit = ExitReport.of(
                Optional.empty(), Optional.ofNullable(shutdown), Optional.ofNullable(stopped), SILENT, "no trace");

        assertThat(exit.cause()).isEqualTo(cause);
        assertThat(exit.stderrTail()).isEqualTo("said");
    }

    @ParameterizedTest
    @CsvSource({
        "SHUTDOWN, , GUEST_SHUTDOWN, 0",
        "SHUTDOWN, 15, CRASHED, 15",
        "DESTROYED, , CRASHED, 0",
        "CRASHED, , CRASHED, 0",
        "FAILED, , CRASHED, 0",
        "TAKEN, , CRASHED, 0",
        ", , LOST, 0"
    })
    void followsTheLogIfNoEventWasSeen(Reason reason, Integer signal, Cause cause, int reported) {
        DomainLog log = new DomainLog(
                Optional.ofNullable(reason), signal == null ? OptionalInt.empty() : OptionalInt.of(signal), "");

        ExitInfo exit = ExitReport.of(Optional.empty(), Optional.empty(), Optional.empty(), log, "no trace");

        assertThat(exit.cause()).isEqualTo(cause);
        assertThat(exit.signal()).isEqualTo(reported);
    }

    @Test
    void whatWeCommandedIsOurs() {
        for (StopRung rung : StopRung.values()) {
            ExitInfo exit = ExitReport.of(
                    Optional.of(rung),
                    Optional.of(Change.SHUTDOWN_BY_GUEST),
                    Optional.of(Change.STOPPED_CRASHED),
                    SILENT,
                    "no trace");

            assertThat(exit.cause()).isEqualTo(Cause.COMMANDED);
            assertThat(exit.signal()).isEqualTo(rung == StopRung.KILL ? 9 : 0);
        }
    }

    @Test
    void saysOtherwiseIfNothingTells() {
        assertThat(ExitReport.of(Optional.empty(), Optional.empty(), Optional.empty(), SILENT, "no trace")
                        .message())
                .isEqualTo("no trace");
    }

    @ParameterizedTest
    @CsvSource({
        "2, 0, STARTED",
        "3, 1, SUSPENDED",
        "4, 0, RESUMED",
        "5, 0, STOPPED_SHUTDOWN",
        "5, 1, STOPPED_DESTROYED",
        "5, 2, STOPPED_CRASHED",
        "5, 3, STOPPED_TAKEN",
        "5, 5, STOPPED_CRASHED",
        "5, 99, STOPPED_CRASHED",
        "6, 1, SHUTDOWN_BY_GUEST",
        "6, 2, SHUTDOWN_BY_HOST",
        "7, 0, SUSPENDED",
        "99, 0, OTHER"
    })
    void readsLibvirtsNumbers(int event, int detail, Change change) {
        assertThat(Change.of(event, detail)).isEqualTo(change);
    }
}
