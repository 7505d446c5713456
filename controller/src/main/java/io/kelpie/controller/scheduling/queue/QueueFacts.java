package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.scheduling.Decision;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where a VM stands in the queue, for {@code explain}. Times are in milliseconds since 1970.
 *
 * @param state what it waits for
 * @param ahead VMs that are decided on before it, if nothing changes and each of them finds a place; for one that is not
 *     {@link State#READY}, if it were
 * @param waiting VMs in the queue in all, with this one
 * @param sinceMillis when it began to wait
 * @param untilMillis with {@link State#WAITING} when that ends
 * @param heldFor with {@link State#WAITING} why it was put off; empty if it waits for its backoff
 * @param verdict the last decision on a VM of its class, if that found no place
 * @param alike VMs of its class, with this one: they share the verdict
 * @param nextTryMillis with {@link State#BLOCKED} when one of its class is tried again, should nothing happen that could
 *     help
 */
public record QueueFacts(
        State state,
        long ahead,
        int waiting,
        long sinceMillis,
        OptionalLong untilMillis,
        String heldFor,
        Optional<Verdict> verdict,
        int alike,
        OptionalLong nextTryMillis) {
    /** What a VM in the queue waits for. */
    public enum State {
        /** Its turn. */
        READY,
        /** A change that could help its class. */
        BLOCKED,
        /** A time. */
        WAITING
    }

    /**
     * Why no place was found.
     *
     * @param decision on one VM of the class, the one that it names; holds for all of them
     * @param atMillis when
     */
    public record Verdict(Decision decision, long atMillis) {}
}
