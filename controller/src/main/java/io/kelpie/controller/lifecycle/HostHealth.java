package io.kelpie.controller.lifecycle;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether the leader hears a host, and what happens next if it does not. Immutable.
 *
 * @param status the judgement
 * @param sinceNanos when the status began, by the clock of the instants given to {@link #judge}
 * @param reason one sentence for operators; the same as long as the cause is the same
 * @param nextStep what happens next by itself, or what an operator can do; empty if READY
 * @param nextStepAtNanos when that happens at the earliest; empty: it waits for someone
 */
public record HostHealth(Status status, long sinceNanos, String reason, String nextStep, OptionalLong nextStepAtNanos) {
    /** The judgement. */
    public enum Status {
        /** It is heard, holds a lease of this leader, and takes VMs. */
        READY,
        /** It is not heard, or has no lease. Its VMs may run; nothing new is placed there. */
        SUSPECT,
        /** It is not heard, and its leased VMs are known not to run. */
        FENCED
    }

    private record Cause(Status status, long sinceNanos, String reason) {}

    /**
     * Judges a host. Pure.
     *
     * @param before the last judgement, whose beginning holds as long as the status does
     * @param nowNanos now, by the same monotonic clock as the facts' instants
     * @param patienceNanos the longest silence of a host that is READY
     */
    public static HostHealth judge(Optional<HostHealth> before, HostFacts facts, long nowNanos, long patienceNanos) {
        Cause cause = cause(facts, nowNanos, patienceNanos);
        long since = before.filter(last -> last.status == cause.status())
                .map(HostHealth::sinceNanos)
                .orElse(cause.sinceNanos());
        return switch (cause.status()) {
            case READY -> new HostHealth(cause.status(), since, cause.reason(), "", OptionalLong.empty());
            case SUSPECT -> suspect(cause, since, facts, nowNanos);
            case FENCED ->
                new HostHealth(cause.status(), since, cause.reason(), afterFence(facts), OptionalLong.empty());
        };
    }

    private static Cause cause(HostFacts facts, long nowNanos, long patienceNanos) {
        if (facts.fencedBy().isPresent()) {
            return new Cause(
                    Status.FENCED, nowNanos, fencedReason(facts.fencedBy().get()));
        }
        if (facts.lastHeardNanos().isEmpty()) {
            return new Cause(Status.SUSPECT, nowNanos, "not heard since this controller leads");
        }
        long heard = facts.lastHeardNanos().getAsLong();
        if (nowNanos - heard > patienceNanos) {
            return new Cause(Status.SUSPECT, heard, "silent for more than " + patienceNanos / 1_000_000 + " ms");
        }
        if (facts.stream() == HostFacts.Stream.CLOSED) {
            return new Cause(Status.SUSPECT, heard, "its agent closed the stream");
        }
        if (!facts.fault().isEmpty()) {
            return new Cause(Status.SUSPECT, nowNanos, facts.fault());
        }
        return switch (facts.lease()) {
            case NONE -> new Cause(Status.SUSPECT, nowNanos, "its agent is connected, but holds no lease yet");
            case GRANTED -> new Cause(Status.READY, nowNanos, "its agent is connected");
        };
    }

    private static HostHealth suspect(Cause cause, long since, HostFacts facts, long nowNanos) {
        if (facts.leaseEnd() == HostFacts.LeaseEnd.UNTIL_THAW) {
            String step =
                    "it may hold a lease without an end, from a freeze, so nothing is started elsewhere: bring its"
                            + " agent back, or if the machine is dead: kelpie host confirm-dead " + facts.name();
            return new HostHealth(cause.status(), since, cause.reason(), step, OptionalLong.empty());
        }
        OptionalLong held = facts.heldUntilNanos();
        if (held.isPresent() && held.getAsLong() - facts.fenceableAtNanos() > 0) {
            String step =
                    "too many hosts are silent at once, so they are fenced one by one; sooner by an operator's word:"
                            + " kelpie host confirm-dead " + facts.name();
            return new HostHealth(cause.status(), since, cause.reason(), step, held);
        }
        String step = "when its last lease has certainly ended it is fenced, and its leased VMs are started elsewhere";
        return new HostHealth(cause.status(), since, cause.reason(), step, OptionalLong.of(facts.fenceableAtNanos()));
    }

    private static String fencedReason(FencedBy cause) {
        return switch (cause) {
            case LEASE_ENDED -> "its last lease has ended: its leased VMs do not run";
            case POWERED_OFF -> "it was confirmed to be off: none of its VMs runs";
            case CONFIRMED_DEAD -> "an operator has said that it is dead: none of its VMs runs";
        };
    }

    private static String afterFence(HostFacts facts) {
        return switch (facts.fencedBy().orElseThrow()) {
            case LEASE_ENDED ->
                "it is READY again soon after its agent connects; VMs that are not leased stay with it, unless the machine"
                        + " is dead: kelpie host confirm-dead " + facts.name();
            case POWERED_OFF, CONFIRMED_DEAD ->
                "it is READY again soon after its agent connects; if it never will: kelpie host rm " + facts.name();
        };
    }
}
