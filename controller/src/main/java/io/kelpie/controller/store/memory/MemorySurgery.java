package io.kelpie.controller.store.memory;

import io.kelpie.controller.store.StoreSurgery;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.trust.StoreHead;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;

/** {@link StoreSurgery} on a {@link MemoryCluster}; can be told to break off. */
public final class MemorySurgery implements StoreSurgery {
    private final MemoryCluster cluster;
    private int batchesLeft = Integer.MAX_VALUE;
    private String attempt = "";

    public MemorySurgery(MemoryCluster cluster) {
        this.cluster = cluster;
    }

    /** The store fails after this many more batches. */
    public void breakOffAfter(int batches) {
        batchesLeft = batches;
    }

    @Override
    public StoreHead look() {
        return cluster.head();
    }

    @Override
    public void begin(RestoreRecord mark, StoreHead seen) {
        if (!cluster.mark(mark, seen)) {
            throw new StoreUnavailableException("the store has changed", new IllegalStateException("mark"));
        }
        attempt = mark.getAttempt();
    }

    @Override
    public void apply(WriteBatch batch) {
        if (batchesLeft-- <= 0 || !cluster.applyMarked(attempt, batch)) {
            throw new StoreUnavailableException("the batch was not applied", new IllegalStateException("broken off"));
        }
    }

    @Override
    public void finish(ClusterRecord record, long epoch) {
        if (!cluster.unmark(attempt, record, epoch)) {
            throw new StoreUnavailableException("the mark is another's", new IllegalStateException("taken over"));
        }
    }
}
