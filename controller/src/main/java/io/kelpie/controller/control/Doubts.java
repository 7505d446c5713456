package io.kelpie.controller.control;

import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.trust.StoreTrust;
import io.kelpie.proto.v1.Hello;
import java.util.Optional;
import java.util.UUID;

/** What a host's Hello says against the leader's store. */
final class Doubts {
    private Doubts() {}

    /**
     * The doubt that a Hello casts on the store, if any: the host has obeyed a later term of this cluster than the
     * leader's; or it is in the records, was heard under them, and belongs to another cluster. A stranger of another
     * cluster is only refused.
     */
    static Optional<StoreDoubt> about(
            Hello hello, String clusterUuid, long epoch, Optional<HostEntry> known, RecoveryWatch recovery) {
        if (hello.getClusterUuid().equals(clusterUuid) && hello.getHighestEpoch() > epoch) {
            return Optional.of(new StoreDoubt(
                    new ReadOnly(
                            ReadOnly.Kind.OLDER,
                            "host " + hello.getHostName() + " has obeyed epoch " + hello.getHighestEpoch()
                                    + " of this cluster, and the store's term has epoch " + epoch
                                    + ": it is an older copy",
                            "bring the right store back; or put a backup into this one: kelpie cluster restore FILE; or,"
                                    + " if this store is the one to go on with: kelpie cluster accept-store"),
                    hello.getHighestEpoch()));
        }
        boolean foreign =
                !hello.getClusterUuid().isEmpty() && !hello.getClusterUuid().equals(clusterUuid);
        if (foreign && known.filter(recovery::wasHeard).isPresent()) {
            return Optional.of(new StoreDoubt(
                    StoreTrust.contradicted(hello.getHostName(), hello.getClusterUuid(), UUID.fromString(clusterUuid)),
                    0));
        }
        return Optional.empty();
    }
}
