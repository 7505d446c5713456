package io.kelpie.agent.fencing;

import io.kelpie.proto.v1.ControllerSet;
import java.util.Map;

/**
 * The host's side of the safety rules, each a pure function, so that all of them can be read on one page and a simulation
 * can show what happens without any one of them. Instants are of the {@link BootClock}. Production runs with {@link #SAFE}
 * alone.
 */
public interface LeaseRules {
    /** The rules as they are. */
    LeaseRules SAFE = new LeaseRules() {};

    /** A lease is counted from the host's own question: delays on the way can only shorten it. */
    default long leaseEnd(long askedAtNanos, long answeredAtNanos, long leaseNanos) {
        return askedAtNanos + leaseNanos;
    }

    /**
     * Only an unbroken lease is extended, by a grant or by unanimity; one whose end has passed has lapsed and is never
     * revived.
     */
    default boolean mayExtend(long leaseEndNanos, long nowNanos) {
        return nowNanos < leaseEndNanos;
    }

    /** Each question for a new lease has a lineage of its own, higher than any before it in this boot. */
    default long nextLineage(long formerLineage, long nowNanos) {
        return Math.max(formerLineage + 1, nowNanos);
    }

    /**
     * All members of the highest set that the host has seen have answered "not leading" by that same set.
     *
     * @param highestSeen the set with the highest version that the host has seen
     * @param answers per controller id, the version of the set that its answer "not leading" named
     */
    default boolean unanimous(ControllerSet highestSeen, Map<String, Long> answers) {
        return highestSeen.getMembersCount() > 0
                && highestSeen.getMembersList().stream()
                        .allMatch(member ->
                                answers.getOrDefault(member.getControllerId(), -1L) == highestSeen.getVersion());
    }

    /** A leased instance is started only under the lineage that the host holds, with more than the kill margin left. */
    default boolean mayStart(
            long commandLineage, long heldLineage, long leaseEndNanos, long nowNanos, long killMarginNanos) {
        return commandLineage == heldLineage && leaseEndNanos - nowNanos > killMarginNanos;
    }

    /** A host that holds no lease asks for one only when none of its leased instances is left. */
    default boolean mayAsk(long leasedInstancesLeft) {
        return leasedInstancesLeft == 0;
    }

    /** A refused incarnation stays refused, and so does every one below it. */
    default long refusedUpTo(long before, long refusedNow) {
        return Math.max(before, refusedNow);
    }
}
