package io.kelpie.controller.trust;

import io.kelpie.common.lease.LeaseProfile;
import io.kelpie.controller.trust.StoreVerdict.Distrusted;
import io.kelpie.controller.trust.StoreVerdict.MayCreate;
import io.kelpie.controller.trust.StoreVerdict.Trusted;
import io.kelpie.proto.v1.ClusterRecord;
import java.util.Optional;
import java.util.UUID;

/**
 * Whether a store is the one that a controller left. Pure: the pin against what the store says of itself. A store that
 * is empty, another cluster's, or older than what was seen of it must not be led: its records would say that VMs do not
 * exist, or run elsewhere.
 */
public final class StoreTrust {
    private static final String DECIDE = "bring the right store back; or put a backup into this one: kelpie cluster"
            + " restore FILE; or, if this store is the one to go on with: kelpie cluster accept-store";

    private StoreTrust() {}

    /**
     * Judges a store that answers. In a cluster with other lease times than its own a controller does not lead: it would
     * wait too short a time for the leases of leaders before it, or grant longer ones than those after it wait for.
     *
     * @param leaseTimes what this controller was configured with
     */
    public static StoreVerdict judge(Optional<ClusterPin> pin, StoreHead head, LeaseProfile leaseTimes) {
        StoreVerdict verdict = judge(pin, head);
        String stored = head.cluster().map(ClusterRecord::getLeaseTimes).orElse("");
        String ofCluster = stored.isEmpty() ? LeaseProfile.STANDARD.word() : stored;
        if (!(verdict instanceof Trusted) || ofCluster.equals(leaseTimes.word())) {
            return verdict;
        }
        return distrust(
                ReadOnly.Kind.OTHER_LEASE_TIMES,
                "the cluster was created with leaseTimes: " + ofCluster + ", and this controller is configured with "
                        + leaseTimes.word() + "; they cannot be changed, as a leader has to know how long the leases of"
                        + " the one before it last",
                "write leaseTimes: " + ofCluster + " into this controller's configuration and start it again");
    }

    /** Judges a store that answers by what this controller remembers alone. */
    static StoreVerdict judge(Optional<ClusterPin> pin, StoreHead head) {
        if (head.restore().isPresent()) {
            return distrust(
                    ReadOnly.Kind.HALF_RESTORED,
                    "the restore of a backup of cluster "
                            + head.restore().get().getClusterUuid() + ", begun by controller "
                            + head.restore().get().getControllerId() + ", has not come to its end",
                    "wait for it; if it was broken off, repeat it: kelpie cluster restore FILE");
        }
        Optional<UUID> cluster = head.clusterUuid();
        if (pin.isEmpty()) {
            return cluster.isEmpty() ? new MayCreate() : new Trusted(cluster.get());
        }
        UUID own = pin.get().cluster();
        if (cluster.isEmpty()) {
            return distrust(
                    ReadOnly.Kind.EMPTY,
                    "the store is empty, but this controller belongs to cluster " + own + ", which was at epoch "
                            + pin.get().epoch(),
                    DECIDE);
        }
        if (!cluster.get().equals(own)) {
            boolean successor = head.cluster().get().getReplacesList().contains(own.toString());
            return successor
                    ? new Trusted(cluster.get())
                    : distrust(
                            ReadOnly.Kind.FOREIGN,
                            "the store is that of cluster " + cluster.get()
                                    + ", but this controller belongs to cluster " + own,
                            "correct the store's address in the controller's configuration; or, if this store is the"
                                    + " one to go on with: kelpie cluster accept-store");
        }
        if (head.epoch() < pin.get().epoch()) {
            return distrust(
                    ReadOnly.Kind.OLDER,
                    "the store is at epoch " + head.epoch() + ", but epoch "
                            + pin.get().epoch() + " of its cluster was seen before: it is an older copy",
                    DECIDE);
        }
        return new Trusted(own);
    }

    /** A host that the store knows names another cluster as its own, and this store leads no other. */
    public static ReadOnly contradicted(String hostName, String clusterOfHost, UUID own) {
        return new ReadOnly(
                ReadOnly.Kind.CONTRADICTED,
                "host " + hostName + ", which this store knows, belongs to cluster " + clusterOfHost
                        + "; the store is that of cluster " + own,
                "find out which cluster the host runs VMs for; if it is this one's store that is right: kelpie cluster"
                        + " accept-store, then kelpie host rm " + hostName + " or give the host's agent an empty data"
                        + " folder");
    }

    private static StoreVerdict distrust(ReadOnly.Kind kind, String reason, String fix) {
        return new Distrusted(new ReadOnly(kind, reason, fix));
    }
}
