package io.kelpie.controller.store.memory;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.OUTCOME_UNKNOWN;
import static io.kelpie.controller.store.CommitOutcome.TERM_ENDED;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ClusterStoreContract;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey.HostKey;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends ClusterStoreContract {
    private static final HostKey HOST = new HostKey("h1");

    private final MemoryCluster cluster = new MemoryCluster(UUID.fromString("6a1f0b1e-7f5c-4f3e-9a52-0d7c1b2a3e4f"));

    @Override
    protected ClusterStore newStore() {
        return new MemoryStore(cluster);
    }

    @Override
    protected LeaderTerm beginTerm() {
        return TestTerms.begin(cluster);
    }

    @Override
    protected CommitOutcome commitAndLoseAnswer(ClusterStore store, LeaderTerm term, WriteBatch batch) {
        ((MemoryStore) store).failNextCommit(CommitFault.LOST_APPLIED);
        return get(store.commit(term, batch));
    }

    @Override
    protected CommitOutcome commitAndLoseRequest(ClusterStore store, LeaderTerm term, WriteBatch batch) {
        ((MemoryStore) store).failNextCommit(CommitFault.LOST_NOT_APPLIED);
        return get(store.commit(term, batch));
    }

    @Test
    void aBatchThatArrivesBeforeTheSettlementCounts() {
        MemoryStore store = new MemoryStore(cluster);
        LeaderTerm term = beginTerm();
        store.failNextCommit(CommitFault.LOST_UNDER_WAY);
        assertThat(get(store.commit(term, batch(put(HOST, "late", Write.ABSENT)))))
                .isEqualTo(OUTCOME_UNKNOWN);
        cluster.deliverLate();
        assertThat(get(store.settle(term))).contains(1L);
        assertThat(get(store.read(HOST))).contains(record(HOST, "late", 0));
    }

    @Test
    void aBatchThatArrivesAfterTheSettlementIsNeverApplied() {
        MemoryStore store = new MemoryStore(cluster);
        LeaderTerm term = beginTerm();
        store.failNextCommit(CommitFault.LOST_UNDER_WAY);
        get(store.commit(term, batch(put(HOST, "late", Write.ABSENT))));
        assertThat(get(store.settle(term))).contains(0L);
        cluster.deliverLate();
        assertThat(get(store.read(HOST))).isEmpty();
        assertThat(get(store.commit(term, batch(put(HOST, "next", Write.ABSENT)))))
                .isEqualTo(COMMITTED);
        cluster.deliverLate();
        assertThat(get(store.read(HOST))).contains(record(HOST, "next", 0));
    }

    @Test
    void aBatchThatArrivesInTheNextTermIsNeverApplied() {
        MemoryStore store = new MemoryStore(cluster);
        LeaderTerm term = beginTerm();
        store.failNextCommit(CommitFault.LOST_UNDER_WAY);
        get(store.commit(term, batch(put(HOST, "late", Write.ABSENT))));
        beginTerm();
        cluster.deliverLate();
        assertThat(get(store.read(HOST))).isEmpty();
    }

    @Test
    void whileItIsCutOffItAnswersNothingAndSettlesWhenItIsBack() {
        MemoryStore store = new MemoryStore(cluster);
        LeaderTerm term = beginTerm();
        get(store.commit(term, batch()));
        store.setConnected(false);
        assertThat(store.isConnected()).isFalse();
        assertThat(get(store.commit(term, batch(put(HOST, "", Write.ABSENT))))).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(get(store.prove(term))).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(store.readHosts())
                .failsWithin(java.time.Duration.ofSeconds(1))
                .withThrowableThat()
                .withCauseInstanceOf(StoreUnavailableException.class);
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        assertThat(settled).isNotDone();
        store.setConnected(true);
        assertThat(get(settled)).contains(1L);
        assertThat(get(store.commit(term, batch()))).isEqualTo(COMMITTED);
    }

    @Test
    void aSessionThatEndsEndsTheSettlementToo() {
        MemoryStore store = new MemoryStore(cluster);
        LeaderTerm term = beginTerm();
        store.setConnected(false);
        get(store.commit(term, batch()));
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        store.endSession();
        assertThat(get(settled)).isEmpty();
        store.setConnected(true);
        assertThat(get(store.commit(term, batch()))).isEqualTo(TERM_ENDED);
        assertThat(get(store.commit(beginTerm(), batch()))).isEqualTo(COMMITTED);
    }

    @Test
    void answersComeThroughTheExecutorInTheirOrder() {
        ArrayDeque<Runnable> held = new ArrayDeque<>();
        MemoryStore store = new MemoryStore(cluster, held::add);
        LeaderTerm term = beginTerm();
        CompletableFuture<CommitOutcome> first = store.commit(term, batch(put(HOST, "a", Write.ABSENT)));
        store.failNextCommit(CommitFault.LOST_NOT_APPLIED);
        CompletableFuture<CommitOutcome> second = store.commit(term, batch(put(HOST, "b", 0)));
        CompletableFuture<CommitOutcome> third = store.commit(term, batch(put(vm(1), "", Write.ABSENT)));
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        assertThat(first).isNotDone();
        while (!held.isEmpty()) {
            held.remove().run();
        }
        assertThat(first).isCompletedWithValue(COMMITTED);
        assertThat(second).isCompletedWithValue(OUTCOME_UNKNOWN);
        assertThat(third).isCompletedWithValue(OUTCOME_UNKNOWN);
        assertThat(settled).isCompletedWithValue(Optional.of(1L));
    }

    @Test
    void closingEndsWhatWaits() {
        MemoryStore store = new MemoryStore(cluster);
        LeaderTerm term = beginTerm();
        store.setConnected(false);
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        store.close();
        assertThat(get(settled)).isEmpty();
    }
}
