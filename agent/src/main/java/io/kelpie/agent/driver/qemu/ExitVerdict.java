package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.agent.driver.guard.GuardRecord;
import java.util.Optional;

/** Judges from what is on disk how an instance ended. Pure. */
final class ExitVerdict {
    private static final int SIGKILL = 9;

    private ExitVerdict() {}

    /**
     * Judges an instance of which no process is left.
     *
     * @param record what its guard wrote first; empty: no guard ever ran for it
     * @param exit what its guard wrote last; empty: the guard did not live to write it
     * @param commanded whether the agent had set out to end it
     * @param bootId boot of the machine now
     * @param stderrTail end of QEMU's standard error
     */
    static ExitInfo of(
            Optional<GuardRecord> record,
            Optional<GuardExit> exit,
            boolean commanded,
            String bootId,
            String stderrTail) {
        if (exit.isPresent()) {
            return ofExit(exit.get(), commanded, stderrTail);
        }
        if (commanded) {
            return new ExitInfo(Cause.COMMANDED, 0, SIGKILL, "it was ended on command", stderrTail);
        }
        if (record.isEmpty()) {
            return new ExitInfo(Cause.START_FAILED, 0, 0, "it was never started on this host", stderrTail);
        }
        if (!record.get().bootId().equals(bootId)) {
            return new ExitInfo(Cause.LOST, 0, 0, "the host was booted anew while it ran", stderrTail);
        }
        return new ExitInfo(
                Cause.CRASHED, 0, SIGKILL, "its guard was killed, and the kernel killed QEMU with it", stderrTail);
    }

    private static ExitInfo ofExit(GuardExit exit, boolean commanded, String stderrTail) {
        Optional<ExitInfo> endOfLease = exit.endOfLease(stderrTail);
        if (endOfLease.isPresent()) {
            return endOfLease.get(); // whatever the agent had set out to do meanwhile: the guard came first
        }
        int code = exit.how() == GuardExit.How.EXITED ? exit.number() : 0;
        int signal = exit.how() == GuardExit.How.SIGNALED ? exit.number() : 0;
        String ended = switch (exit.how()) {
            case EXITED -> "QEMU exited with code " + exit.number();
            case SIGNALED -> "QEMU was ended by signal " + exit.number();
            case EXEC_FAILED -> "QEMU could not be executed (errno " + exit.number() + ")";
            case REFUSED, DEADLINE -> throw new IllegalArgumentException("the end of a lease");
        };
        if (commanded) {
            return new ExitInfo(Cause.COMMANDED, code, signal, "it was ended on command: " + ended, stderrTail);
        }
        if (!exit.answered()) {
            return new ExitInfo(Cause.START_FAILED, code, signal, ended + " before the guest ran", stderrTail);
        }
        if (exit.how() == GuardExit.How.EXITED && code == 0) {
            return ofOrderlyEnd(exit.shutdownReason().orElse(""), stderrTail);
        }
        return new ExitInfo(Cause.CRASHED, code, signal, ended, stderrTail);
    }

    /** QEMU exits with code 0 for whoever asks it to; only the guest's own wish is a clean end. */
    private static ExitInfo ofOrderlyEnd(String reason, String stderrTail) {
        return switch (reason) {
            case "guest-shutdown" -> new ExitInfo(Cause.GUEST_SHUTDOWN, 0, 0, "the guest shut itself down", stderrTail);
            case "guest-panic" -> new ExitInfo(Cause.CRASHED, 0, 0, "the guest panicked", stderrTail);
            case "host-signal" ->
                new ExitInfo(Cause.CRASHED, 0, 0, "someone on the host ended QEMU by a signal", stderrTail);
            case "" -> new ExitInfo(Cause.CRASHED, 0, 0, "QEMU exited and did not say why", stderrTail);
            default -> new ExitInfo(Cause.CRASHED, 0, 0, "QEMU was ended from outside: " + reason, stderrTail);
        };
    }
}
