package io.kelpie.controller.fence;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A host to be powered off. */
public record FenceTarget(String hostId, String hostName, SortedMap<String, String> labels) {
    public FenceTarget {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    public FenceTarget(String hostId, String hostName, Map<String, String> labels) {
        this(hostId, hostName, new TreeMap<>(labels));
    }
}
