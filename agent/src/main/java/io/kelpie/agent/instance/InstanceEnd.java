package io.kelpie.agent.instance;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.StopRung;
import java.util.Optional;

/**
 * How an instance ended, or why it was never started.
 *
 * @param reason how it ended
 * @param exitCode exit code of the hypervisor; 0 if a signal ended it, or if none ran
 * @param signal signal that ended the hypervisor; 0 if none
 * @param rung how a commanded stop was reached
 * @param message one sentence for the operator
 * @param stderrTail end of the hypervisor's standard error, at most 2 KiB
 * @param field field of the spec at fault; empty if none is
 * @param atMillis when, by the host's wall clock
 */
public record InstanceEnd(
        Reason reason,
        int exitCode,
        int signal,
        Optional<StopRung> rung,
        String message,
        String stderrTail,
        String field,
        long atMillis) {
    /** How an instance ended. */
    public enum Reason {
        /** The guest shut itself down. */
        GUEST_SHUTDOWN,
        /** By command. */
        STOPPED,
        /** Before the guest ran. */
        START_FAILED,
        /** By a fault of the hypervisor, or by someone else's signal. */
        CRASHED,
        /** Because the host's lease had ended. */
        LEASE_ENDED,
        /** Nobody knows. */
        LOST
    }

    /** An end without a process: nothing to say of codes and signals. */
    public static InstanceEnd withoutProcess(Reason reason, String message, long atMillis) {
        return new InstanceEnd(reason, 0, 0, Optional.empty(), message, "", "", atMillis);
    }

    /** The end of an instance that could not be started for a reason found before the hypervisor ran. */
    public static InstanceEnd rejected(String field, String message, long atMillis) {
        return new InstanceEnd(Reason.START_FAILED, 0, 0, Optional.empty(), message, "", field, atMillis);
    }

    /** An end that nobody commanded, as the driver saw it. */
    public static InstanceEnd of(ExitInfo exit, long atMillis) {
        return of(exit, reason(exit.cause()), Optional.empty(), atMillis);
    }

    /** An end by command. A guest that had ended by itself before the command came keeps its own reason. */
    public static InstanceEnd commanded(ExitInfo exit, Optional<StopRung> rung, long atMillis) {
        boolean before = rung.isPresent() && rung.get() == StopRung.ALREADY_GONE;
        return of(exit, before ? reason(exit.cause()) : Reason.STOPPED, rung, atMillis);
    }

    /** The end of a leased instance whose host's lease has lapsed. One that had ended before keeps its own reason. */
    public static InstanceEnd lapsed(ExitInfo exit, Optional<StopRung> rung, long atMillis) {
        Reason own = reason(exit.cause());
        boolean before = own != Reason.STOPPED && (rung.isEmpty() || rung.get() == StopRung.ALREADY_GONE);
        return before
                ? of(exit, own, rung, atMillis)
                : new InstanceEnd(
                        Reason.LEASE_ENDED,
                        exit.exitCode(),
                        exit.signal(),
                        rung,
                        "killed, since the host's lease had ended",
                        exit.stderrTail(),
                        "",
                        atMillis);
    }

    private static InstanceEnd of(ExitInfo exit, Reason reason, Optional<StopRung> rung, long atMillis) {
        return new InstanceEnd(
                reason, exit.exitCode(), exit.signal(), rung, exit.message(), exit.stderrTail(), "", atMillis);
    }

    private static Reason reason(ExitInfo.Cause cause) {
        return switch (cause) {
            case GUEST_SHUTDOWN -> Reason.GUEST_SHUTDOWN;
            case COMMANDED -> Reason.STOPPED;
            case START_FAILED -> Reason.START_FAILED;
            case CRASHED -> Reason.CRASHED;
            case LEASE_ENDED -> Reason.LEASE_ENDED;
            case LOST -> Reason.LOST;
        };
    }
}
