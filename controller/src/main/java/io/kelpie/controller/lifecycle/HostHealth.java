package io.kelpie.controller.lifecycle;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether the leader hears a host. Immutable.
 *
 * @param status the judgement
 * @param sinceNanos when the status began, by the clock of the instants given to {@link #judge}
 * @param reason one sentence for operators; the same as long as the cause is the same
 */
public record HostHealth(Status status, long sinceNanos, String reason) {
    /** The judgement. */
    public enum Status {
        /** It is heard and takes VMs. */
        READY,
        /** It is not heard. Its VMs may run; nothing new is placed there. */
        SUSPECT
    }

    /** Whether the host's agent holds a stream to this leader. */
    public enum Stream {
        OPEN,
        CLOSED
    }

    /**
     * Judges a host. Pure.
     *
     * @param before the last judgement, whose beginning holds as long as the status does
     * @param stream whether its stream is open
     * @param lastHeardNanos when anything of it was heard last in this term; empty: never
     * @param nowNanos now, by the same monotonic clock
     * @param patienceNanos the longest silence of a host that is READY
     */
    public static HostHealth judge(
            Optional<HostHealth> before,
            Stream stream,
            OptionalLong lastHeardNanos,
            long nowNanos,
            long patienceNanos) {
        if (lastHeardNanos.isEmpty()) {
            return keepBeginning(before, Status.SUSPECT, nowNanos, "not heard since this controller leads");
        }
        long heard = lastHeardNanos.getAsLong();
        if (nowNanos - heard > patienceNanos) {
            String reason = "silent for more than " + patienceNanos / 1_000_000 + " ms";
            return keepBeginning(before, Status.SUSPECT, heard, reason);
        }
        return switch (stream) {
            case CLOSED -> keepBeginning(before, Status.SUSPECT, heard, "its agent closed the stream");
            case OPEN -> keepBeginning(before, Status.READY, nowNanos, "its agent is connected");
        };
    }

    private static HostHealth keepBeginning(
            Optional<HostHealth> before, Status status, long sinceNanos, String reason) {
        long since = before.filter(last -> last.status == status)
                .map(HostHealth::sinceNanos)
                .orElse(sinceNanos);
        return new HostHealth(status, since, reason);
    }
}
