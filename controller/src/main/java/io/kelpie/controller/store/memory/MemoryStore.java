package io.kelpie.controller.store.memory;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.FencedSequence;
import io.kelpie.controller.store.FencedSequence.Answer;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.WriteBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One controller's connection to a {@link MemoryCluster}. A batch is applied within the call; it is answered through the
 * executor, so one that holds its tasks back makes batches that are under way at once. Faults are set by calls:
 * {@link #failNextCommit}, {@link #setConnected}, {@link #endSession}.
 *
 * <p>Thread-safe, if the executor runs its tasks in their order.
 */
public final class MemoryStore implements ClusterStore {
    private record WaitingSettlement(LeaderTerm term, CompletableFuture<Optional<Long>> result) {}

    private final MemoryCluster cluster;
    private final Executor answers;

    // All guarded by this.
    private final ArrayDeque<CommitFault> faults = new ArrayDeque<>();
    private final List<WaitingSettlement> waiting = new ArrayList<>();
    private boolean connected = true;
    private boolean closed;
    private @Nullable LeaderTerm present;
    private FencedSequence pipeline = new FencedSequence();
    private boolean sessionOfTermEnded;

    /** A store that answers within the call. */
    public MemoryStore(MemoryCluster cluster) {
        this(cluster, Runnable::run);
    }

    /** A store that completes its futures through an executor. */
    public MemoryStore(MemoryCluster cluster, Executor answers) {
        this.cluster = cluster;
        this.answers = answers;
    }

    /** The next batch that is sent meets this fault; faults queue up. */
    public synchronized void failNextCommit(CommitFault fault) {
        faults.add(fault);
    }

    /** Cuts or heals the connection; the session lives on. */
    public void setConnected(boolean nowConnected) {
        synchronized (this) {
            connected = nowConnected;
        }
        if (nowConnected) {
            resumeSettlements();
        }
    }

    /** Ends the session: nothing of the term that it was for is sent any more, and settling it fails. */
    public void endSession() {
        synchronized (this) {
            sessionOfTermEnded = true;
        }
        resumeSettlements();
    }

    @Override
    public synchronized CompletableFuture<CommitOutcome> commit(LeaderTerm term, WriteBatch batch) {
        if (!isPresent(term)) {
            return answer(CommitOutcome.TERM_ENDED);
        }
        if (!pipeline.isOpen()) {
            return answer(pipeline.refusal());
        }
        FencedSequence sentIn = pipeline;
        FencedSequence.Place place = sentIn.take();
        Answer answer = !connected || sessionOfTermEnded ? Answer.LOST : send(term, place, batch);
        return answer(() -> sentIn.answered(place, answer));
    }

    private Answer send(LeaderTerm term, FencedSequence.Place place, WriteBatch batch) {
        CommitFault fault = faults.poll();
        if (fault == null) {
            return cluster.apply(term.fence(), place, batch);
        }
        switch (fault) {
            case LOST_APPLIED -> cluster.apply(term.fence(), place, batch);
            case LOST_UNDER_WAY -> cluster.keepUnderWay(term.fence(), place, batch);
            case LOST_NOT_APPLIED -> {}
        }
        return Answer.LOST;
    }

    @Override
    public CompletableFuture<Optional<Long>> settle(LeaderTerm term) {
        CompletableFuture<Optional<Long>> result = new CompletableFuture<>();
        synchronized (this) {
            if (isPresent(term)) {
                pipeline.lost();
            }
            waiting.add(new WaitingSettlement(term, result));
        }
        resumeSettlements();
        return result;
    }

    /** Goes through the executor, so that the answers of the batches sent before come first. */
    private void resumeSettlements() {
        answers.execute(this::settleWaiting);
    }

    private synchronized void settleWaiting() {
        for (WaitingSettlement settlement : List.copyOf(waiting)) {
            if (!isPresent(settlement.term()) || pipeline.hasEnded() || sessionOfTermEnded || closed) {
                if (isPresent(settlement.term())) {
                    pipeline.end();
                }
                finish(settlement, Optional.empty());
            } else if (connected) {
                OptionalInt applied = cluster.replaceFence(settlement.term().fence(), pipeline.generation());
                if (applied.isEmpty()) {
                    pipeline.end();
                }
                finish(
                        settlement,
                        applied.isEmpty() ? Optional.empty() : Optional.of(pipeline.settled(applied.getAsInt())));
            }
        }
    }

    private void finish(WaitingSettlement settlement, Optional<Long> applied) {
        waiting.remove(settlement);
        settlement.result().complete(applied);
    }

    @Override
    public synchronized CompletableFuture<CommitOutcome> prove(LeaderTerm term) {
        if (!isPresent(term)) {
            return answer(CommitOutcome.TERM_ENDED);
        }
        if (!connected || sessionOfTermEnded) {
            return answer(CommitOutcome.OUTCOME_UNKNOWN);
        }
        int generation = pipeline.generation();
        Answer answer = cluster.stands(term.fence(), generation) ? Answer.APPLIED : Answer.FENCE_GONE;
        return answer(pipeline.proved(generation, answer));
    }

    @Override
    public CompletableFuture<Optional<StoredRecord>> read(RecordKey key) {
        return read(() -> cluster.read(key));
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readHosts() {
        return read(() -> cluster.readAll(RecordKey.HostKey.class));
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readCapabilities() {
        return read(() -> cluster.readAll(RecordKey.CapabilitiesKey.class));
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readJobs() {
        return read(() -> cluster.readAll(RecordKey.JobRecordKey.class));
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readVms() {
        return read(() -> cluster.readAll(RecordKey.VmKey.class));
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readRequests() {
        return read(() -> cluster.readAll(RecordKey.RequestKey.class));
    }

    @Override
    public synchronized boolean isConnected() {
        return connected && !closed;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        resumeSettlements();
    }

    private boolean isPresent(LeaderTerm term) {
        if (present == null || present.epoch() < term.epoch()) {
            present = term;
            pipeline = new FencedSequence();
            sessionOfTermEnded = false;
        }
        return present == term;
    }

    private <T> CompletableFuture<T> read(Supplier<T> value) {
        CompletableFuture<T> result = new CompletableFuture<>();
        if (isConnected()) {
            T found = value.get();
            answers.execute(() -> result.complete(found));
        } else {
            answers.execute(() -> result.completeExceptionally(
                    new StoreUnavailableException("no connection", new IllegalStateException("cut"))));
        }
        return result;
    }

    private CompletableFuture<CommitOutcome> answer(CommitOutcome outcome) {
        return answer(() -> outcome);
    }

    private CompletableFuture<CommitOutcome> answer(Supplier<CommitOutcome> outcome) {
        CompletableFuture<CommitOutcome> result = new CompletableFuture<>();
        answers.execute(() -> result.complete(outcome.get()));
        return result;
    }
}
