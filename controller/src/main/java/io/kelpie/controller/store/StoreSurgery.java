package io.kelpie.controller.store;

import io.kelpie.controller.trust.StoreHead;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;

/**
 * Writes to a store that nobody leads: the way of a backup back into it. From {@link #begin} on no term begins in the
 * store and the one there was has ended; whoever begins after another takes the work over, and the other's writes are
 * refused. A store with its mark is a half restored one, whatever interrupts the work.
 *
 * <p>Calls wait for the store, at most as long as a session lasts, and throw {@link StoreUnavailableException} if it did
 * not do as asked, or is not known to have. Not thread-safe.
 */
public interface StoreSurgery {
    /** What the store says of itself. */
    StoreHead look();

    /** Marks the store and ends its term, if it still is as it was when {@code seen} was looked at. */
    void begin(RestoreRecord mark, StoreHead seen);

    /** Applies a batch under the mark. */
    void apply(WriteBatch batch);

    /** Takes the mark away; the store is this cluster's, at this epoch. */
    void finish(ClusterRecord cluster, long epoch);
}
