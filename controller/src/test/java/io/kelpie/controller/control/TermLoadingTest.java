package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TermLoadingTest {
    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final LeaderTerm term = TestTerms.begin(cluster);
    private final SlowStore store = new SlowStore(new MemoryStore(cluster));
    private final List<ControlEvent> events = new ArrayList<>();
    private final List<Runnable> loads = new ArrayList<>();
    private final TermLoading loading = new TermLoading(term, store, loads::add, new TestTime(), events::add);

    /** Answers everything but the VMs, until it is told to. */
    private static final class SlowStore implements ClusterStore {
        private final MemoryStore store;
        final CompletableFuture<List<StoredRecord>> vms = new CompletableFuture<>();

        SlowStore(MemoryStore store) {
            this.store = store;
        }

        @Override
        public CompletableFuture<List<StoredRecord>> readVms() {
            return vms;
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

    private LoadedHosts first() {
        loading.readFirst();
        return ((ControlEvent.HostsLoaded) events.remove(0)).hosts().orElseThrow();
    }

    @Test
    void everythingIsReadBeforeAStateIsMade() {
        loading.readRest(first());
        assertThat(loads).isEmpty();
        store.vms.complete(List.of());
        loads.remove(0).run();
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        ControlEvent.StateLoaded.class,
                        loaded -> assertThat(loaded.state()).isPresent());
    }

    @Test
    void anAbandonedLoadingStopsReadingAndMakesNothing() {
        loading.readRest(first());
        loading.abandon();
        assertThat(store.vms).isCancelled();
        assertThat(loads).isEmpty();
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        ControlEvent.StateLoaded.class,
                        loaded -> assertThat(loaded.state()).isEmpty());
    }

    @Test
    void whatCannotBeReadIsSaid() {
        loading.readRest(first());
        store.vms.completeExceptionally(new IllegalStateException("no answer"));
        assertThat(loads).isEmpty();
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        ControlEvent.StateLoaded.class,
                        loaded -> assertThat(loaded.state()).isEmpty());
    }
}
