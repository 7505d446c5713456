package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A VM that waits for a place. Times are in milliseconds since 1970.
 *
 * @param request what it asks for, without avoided hosts: those are in {@code avoidedUntilMillis}
 * @param sinceMillis when it began to wait
 * @param notBeforeMillis it is not decided on before
 * @param avoidedUntilMillis ids of hosts that refused a start, each left out until its time
 */
public record WaitingVm(
        PlacementRequest request, long sinceMillis, long notBeforeMillis, SortedMap<String, Long> avoidedUntilMillis) {
    public WaitingVm {
        if (!request.avoidedHosts().isEmpty()) {
            throw new IllegalArgumentException("avoided hosts without the time when that ends");
        }
        avoidedUntilMillis = Collections.unmodifiableSortedMap(new TreeMap<>(avoidedUntilMillis));
    }

    /** What it asks for at a time. */
    public PlacementRequest requestAt(long nowMillis) {
        if (avoidedUntilMillis.isEmpty()) {
            return request;
        }
        Set<String> avoided = new TreeSet<>();
        avoidedUntilMillis.forEach((host, until) -> {
            if (until > nowMillis) {
                avoided.add(host);
            }
        });
        return request.avoiding(avoided);
    }

    /** When what it asks for is another thing, by the passing of time alone; {@link Long#MAX_VALUE}: never. */
    long nextChangeMillis(long nowMillis) {
        long next = Long.MAX_VALUE;
        for (long until : avoidedUntilMillis.values()) {
            if (until > nowMillis) {
                next = Math.min(next, until);
            }
        }
        return next;
    }
}
