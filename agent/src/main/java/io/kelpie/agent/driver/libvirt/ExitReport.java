package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.StopRung;
import java.util.Optional;

/**
 * Says how an instance ended, from all that is known. Pure.
 *
 * <p>libvirt is not told by which signal a QEMU died, as it is not its parent: the signal is known only when QEMU itself
 * says that it was asked to end by one.
 */
final class ExitReport {
    private static final int SIGKILL = 9;

    private ExitReport() {}

    /**
     * How it ended.
     *
     * @param commanded the rung of this driver's last command to end it, if there was one
     * @param shutdown by whom a shutdown began, if libvirt said so while it was watched
     * @param stopped libvirt's event of the end, if it was seen
     * @param log the domain's log since the instance's start
     * @param otherwise what to say if none of these tells
     */
    static ExitInfo of(
            Optional<StopRung> commanded,
            Optional<LifecycleSignal.Change> shutdown,
            Optional<LifecycleSignal.Change> stopped,
            DomainLog log,
            String otherwise) {
        if (commanded.isPresent()) {
            boolean killed = commanded.get() == StopRung.KILL;
            return new ExitInfo(
                    Cause.COMMANDED,
                    0,
                    killed ? SIGKILL : 0,
                    killed ? "killed on command" : "stopped on command",
                    log.tail());
        }
        return stopped.flatMap(ExitReport::reason)
                .or(log::reason)
                .map(reason -> ofReason(reason, shutdown, log))
                .orElseGet(() -> new ExitInfo(Cause.LOST, 0, 0, otherwise, log.tail()));
    }

    private static ExitInfo ofReason(
            DomainLog.Reason reason, Optional<LifecycleSignal.Change> shutdown, DomainLog log) {
        return switch (reason) {
            case SHUTDOWN -> shutdown(shutdown, log);
            case DESTROYED -> crashed("someone else destroyed the domain through libvirt", log);
            case CRASHED, FAILED ->
                crashed(
                        "QEMU ended without a shutdown of its guest: it crashed, was killed, or the guest panicked",
                        log);
            case TAKEN -> crashed("someone else migrated, saved or reverted the domain through libvirt", log);
        };
    }

    private static ExitInfo shutdown(Optional<LifecycleSignal.Change> shutdown, DomainLog log) {
        boolean byHost = shutdown.isPresent()
                ? shutdown.get() == LifecycleSignal.Change.SHUTDOWN_BY_HOST
                : log.signal().isPresent();
        if (!byHost) {
            return new ExitInfo(Cause.GUEST_SHUTDOWN, 0, 0, "the guest shut itself down", log.tail());
        }
        String message = log.signal().isPresent()
                ? "QEMU was ended by signal " + log.signal().getAsInt() + ", which someone else sent"
                : "someone else told QEMU to quit";
        return crashed(message, log);
    }

    private static ExitInfo crashed(String message, DomainLog log) {
        return new ExitInfo(Cause.CRASHED, 0, log.signal().orElse(0), message, log.tail());
    }

    private static Optional<DomainLog.Reason> reason(LifecycleSignal.Change stopped) {
        return switch (stopped) {
            case STOPPED_SHUTDOWN -> Optional.of(DomainLog.Reason.SHUTDOWN);
            case STOPPED_DESTROYED -> Optional.of(DomainLog.Reason.DESTROYED);
            case STOPPED_CRASHED -> Optional.of(DomainLog.Reason.CRASHED);
            case STOPPED_TAKEN -> Optional.of(DomainLog.Reason.TAKEN);
            case STARTED, SUSPENDED, RESUMED, SHUTDOWN_BY_GUEST, SHUTDOWN_BY_HOST, OTHER -> Optional.empty();
        };
    }
}
