package io.kelpie.controller.trust;

import java.util.UUID;

/**
 * What a controller remembers of its cluster beside the store.
 *
 * @param cluster the cluster that it belongs to
 * @param epoch the highest epoch that it has seen
 */
public record ClusterPin(UUID cluster, long epoch) {
    public ClusterPin {
        if (epoch < 0) {
            throw new IllegalArgumentException("epoch " + epoch);
        }
    }
}
