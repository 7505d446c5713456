package io.kelpie.controller.lifecycle;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the leader knows of a host when it judges it. Instants are of one monotonic clock. Immutable.
 *
 * @param name its name, for the next step
 * @param stream whether its agent holds a stream to this leader
 * @param lastHeardNanos when anything of it was heard last in this term; empty: never
 * @param lease whether it holds a lease that this leader has granted
 * @param fencedBy why its instances are known not to run; empty: they may
 * @param fault why it is called faulty; empty: it is not
 * @param leaseEnd whether the last lease that it may hold ends by itself
 * @param fenceableAtNanos when its leased instances are known to be dead, if nothing more is promised to it
 * @param heldUntilNanos its fence is held back until then although the lease has ended, as too many hosts are silent at
 *     once; empty: it is not
 */
public record HostFacts(
        String name,
        Stream stream,
        OptionalLong lastHeardNanos,
        Lease lease,
        Optional<FencedBy> fencedBy,
        String fault,
        LeaseEnd leaseEnd,
        long fenceableAtNanos,
        OptionalLong heldUntilNanos) {
    /** Whether the host's agent holds a stream to this leader. */
    public enum Stream {
        OPEN,
        CLOSED
    }

    /** Whether the host holds a lease of this leader. */
    public enum Lease {
        GRANTED,
        NONE
    }

    /** Whether the last lease that the host may hold ends by itself. */
    public enum LeaseEnd {
        BOUNDED,
        /** The cluster is or was frozen, and the host has not acknowledged since that its lease ends. */
        UNTIL_THAW
    }
}
