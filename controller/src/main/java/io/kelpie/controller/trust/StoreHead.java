package io.kelpie.controller.trust;

import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;
import java.util.Optional;
import java.util.UUID;

/**
 * What a store says of itself.
 *
 * @param cluster whose it is; empty: the store is
 * @param epoch of the last term that began in it; 0: none
 * @param restore there while a backup is being put into it
 */
public record StoreHead(Optional<ClusterRecord> cluster, long epoch, Optional<RestoreRecord> restore) {
    /** The cluster's UUID, if there is a cluster. */
    public Optional<UUID> clusterUuid() {
        return cluster.map(record -> UUID.fromString(record.getClusterUuid()));
    }
}
