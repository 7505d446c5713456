package io.kelpie.controller.control;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A host that is being powered off: from before the plug-in runs until its outcome is known, nothing is promised to it and
 * nothing is started there. Known to one term alone: what a plug-in did in an earlier one says nothing in this.
 *
 * @param requestId the request that asked for it
 * @param attempt a new id for each time that it is begun
 * @param beganNanos when it began, in monotonic nanoseconds
 */
public record PowerOff(
        String hostId,
        String hostName,
        SortedMap<String, String> labels,
        UUID requestId,
        UUID attempt,
        long beganNanos) {
    public PowerOff {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    PowerOff(
            String hostId, String hostName, Map<String, String> labels, UUID requestId, UUID attempt, long beganNanos) {
        this(hostId, hostName, new TreeMap<>(labels), requestId, attempt, beganNanos);
    }
}
