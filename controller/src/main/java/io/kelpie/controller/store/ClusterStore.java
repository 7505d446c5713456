package io.kelpie.controller.store;

import io.kelpie.controller.leadership.LeaderTerm;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * All durable state of a cluster. Implementations are thread-safe and hold one contract
 * ({@code ClusterStoreContract}).
 *
 * <p>No method waits for the store. Futures complete on a thread of the store; dependent stages must only hand over to
 * their own thread. Failures of reads complete exceptionally with {@link StoreUnavailableException}. A read whose future
 * is cancelled is not gone on with.
 */
public interface ClusterStore extends AutoCloseable {
    /**
     * Applies a batch under a term. Batches of a term are applied in the order of the calls, and answered in that order;
     * of a sequence of calls a prefix is applied and nothing after the first that failed. Never completes exceptionally.
     */
    CompletableFuture<CommitOutcome> commit(LeaderTerm term, WriteBatch batch);

    /**
     * After {@link CommitOutcome#OUTCOME_UNKNOWN}: finds out how many of the term's batches were applied, by a write
     * that conflicts with all that may still be under way. Completes with the number of batches applied since the term
     * began, those answered COMMITTED included (the term goes on from there, and what was not applied never will be), or
     * empty if the term or the session has ended. While the connection is down it waits. No commit may be sent
     * meanwhile.
     */
    CompletableFuture<Optional<Long>> settle(LeaderTerm term);

    /**
     * A check-only write under the term: completes with COMMITTED only if the term still stood when a quorum of the
     * store took the write, else with TERM_ENDED or OUTCOME_UNKNOWN. Never completes exceptionally; changes nothing, so
     * an unknown outcome needs no {@link #settle}.
     */
    CompletableFuture<CommitOutcome> prove(LeaderTerm term);

    /** One record, or empty. As of some instant not before the call. */
    CompletableFuture<Optional<StoredRecord>> read(RecordKey key);

    /** All host records, in no order; like the following, each record as of some instant not before the call. */
    CompletableFuture<List<StoredRecord>> readHosts();

    /** All capabilities records. */
    CompletableFuture<List<StoredRecord>> readCapabilities();

    /** All jobs. */
    CompletableFuture<List<StoredRecord>> readJobs();

    /** All VMs. */
    CompletableFuture<List<StoredRecord>> readVms();

    /** All request records. */
    CompletableFuture<List<StoredRecord>> readRequests();

    /** True while the store answers. */
    boolean isConnected();

    /** Ends what is under way. Records stay. */
    @Override
    void close();
}
