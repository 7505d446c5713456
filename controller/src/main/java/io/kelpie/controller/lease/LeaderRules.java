package io.kelpie.controller.lease;

import io.kelpie.common.lease.LeaseTimes;

/**
 * The leader's side of the safety rules, each a pure function, so that all of them can be read on one page and a
 * simulation can show what happens without any one of them. Instants are monotonic nanoseconds of this controller.
 * Production runs with {@link #SAFE} alone.
 */
public interface LeaderRules {
    /** The rules as they are. */
    LeaderRules SAFE = new LeaderRules() {};

    /** A question is granted only by a proof that began after the question was received. */
    default boolean proves(long proofBeganNanos, long proofAnsweredNanos, long questionReceivedNanos) {
        return proofBeganNanos - questionReceivedNanos >= 0;
    }

    /**
     * When a host's leased instances are known to be dead: the full wait after the last promise to it, and after this
     * term was known to have begun, as an earlier leader may have granted until then.
     *
     * @param lastPromiseNanos last grant, or last answer "not leading", to this host in this term; the term's begin if none
     */
    default long fenceableAtNanos(long termBeganNanos, long lastPromiseNanos, LeaseTimes times) {
        long last = lastPromiseNanos - termBeganNanos > 0 ? lastPromiseNanos : termBeganNanos;
        return last + times.fenceWait().toNanos();
    }

    /**
     * A lease that lasts until the thaw has no end to wait for: its host is not fenced by the wait before it has taken
     * a lease that ends.
     *
     * @param untilThaw whether the host may hold a lease without an end
     * @param waited whether the full wait is over
     */
    default boolean hasEnded(boolean untilThaw, boolean waited) {
        return waited && !untilThaw;
    }

    /** An answer "not leading" counts as a promise, as it can extend the host's lease. */
    default boolean answerIsPromise() {
        return true;
    }

    /**
     * Nothing is promised to a host, and nothing started there, from sending its fence until the outcome is known; and
     * what it asked before is not granted after: its stream ends with the fence.
     */
    default boolean silentWhileFencing() {
        return true;
    }

    /** A question that opens a lineage is granted once. */
    default boolean mayGrantAgain(boolean opens) {
        return !opens;
    }

    /** A start names a lineage that this leader has granted, not one that was only asked for. */
    default long startLineage(long grantedLineage, long askedLineage) {
        return grantedLineage;
    }

    /** An added controller may lead when every member of the set before has acknowledged the new one, or is dead. */
    default boolean mayLead(boolean allAcknowledged) {
        return allAcknowledged;
    }
}
