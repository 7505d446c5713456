package io.kelpie.controller.control;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.WriteBatch;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Hands every call on to another store: for tests that change what one of them does. */
abstract class ForwardingStore implements ClusterStore {
    private final ClusterStore store;

    ForwardingStore(ClusterStore store) {
        this.store = store;
    }

    @Override
    public CompletableFuture<CommitOutcome> commit(LeaderTerm term, WriteBatch batch) {
        return store.commit(term, batch);
    }

    @Override
    public CompletableFuture<Optional<Long>> settle(LeaderTerm term) {
        return store.settle(term);
    }

    @Override
    public CompletableFuture<CommitOutcome> prove(LeaderTerm term) {
        return store.prove(term);
    }

    @Override
    public CompletableFuture<Optional<StoredRecord>> read(RecordKey key) {
        return store.read(key);
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readHosts() {
        return store.readHosts();
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readCapabilities() {
        return store.readCapabilities();
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readJobs() {
        return store.readJobs();
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readVms() {
        return store.readVms();
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readRequests() {
        return store.readRequests();
    }

    @Override
    public boolean isConnected() {
        return store.isConnected();
    }

    @Override
    public void close() {
        store.close();
    }
}
