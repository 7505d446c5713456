package io.kelpie.controller.lifecycle;

import java.util.OptionalLong;

/**
 * What many silent hosts at once mean: first that the leader itself is cut off, then that something large has happened,
 * which is taken slowly. Pure.
 */
public final class SilenceJudge {
    /** Fewer hosts than this are never many. */
    public static final int FEWEST = 3;

    /** Up to this share of all hosts is not many, in percent. */
    public static final int PERCENT = 30;

    private SilenceJudge() {}

    /** What a leader does. */
    public enum Verdict {
        /** Each host is judged by itself. */
        CALM,
        /** The leader gives up its term, in time for another to grant. */
        RESIGN,
        /** Hosts are fenced one by one, at a limited rate. */
        SLOW
    }

    /** Whether a leader may give up its term for this. */
    public enum Resignation {
        ALLOWED,
        /** It did so lately, or there is no other controller. */
        NOT_NOW
    }

    /**
     * Judges.
     *
     * @param lost hosts that have ceased to be READY within the window
     * @param silent hosts that are neither READY nor FENCED
     * @param hosts hosts that are not FENCED
     */
    public static Verdict judge(int lost, int silent, int hosts, Resignation resignation) {
        if (isMany(lost, hosts) && resignation == Resignation.ALLOWED) {
            return Verdict.RESIGN;
        }
        return isMany(silent, hosts) ? Verdict.SLOW : Verdict.CALM;
    }

    private static boolean isMany(int some, int hosts) {
        return some >= FEWEST && some * 100L > hosts * (long) PERCENT;
    }

    /**
     * Until when the next fence is held back while hosts are fenced one by one.
     *
     * @param lastFenceNanos when a host was last fenced in this term; empty: never
     * @param coldUntilNanos until when hosts may still be starting, after a start of everything
     * @param intervalNanos between two fences
     */
    public static long heldUntilNanos(OptionalLong lastFenceNanos, long coldUntilNanos, long intervalNanos) {
        if (lastFenceNanos.isEmpty()) {
            return coldUntilNanos;
        }
        long next = lastFenceNanos.getAsLong() + intervalNanos;
        return next - coldUntilNanos > 0 ? next : coldUntilNanos;
    }
}
