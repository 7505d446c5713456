package io.kelpie.controller.trust;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The highest epoch that hosts of each cluster have shown to this process, whether it led or not: a store that is put
 * back or accepted goes on above it. Thread-safe.
 */
public final class ShownEpochs {
    /** More clusters than any controller is asked by; a flood of invented ones must not fill the memory. */
    private static final int MAX_CLUSTERS = 1_000;

    private final Map<UUID, Long> highest = new ConcurrentHashMap<>();

    /** A host of a cluster has seen the epoch. */
    public void note(UUID cluster, long epoch) {
        if (highest.size() < MAX_CLUSTERS || highest.containsKey(cluster)) {
            highest.merge(cluster, epoch, Math::max);
        }
    }

    /** 0 if no host of the cluster was heard. */
    public long highest(UUID cluster) {
        return highest.getOrDefault(cluster, 0L);
    }
}
