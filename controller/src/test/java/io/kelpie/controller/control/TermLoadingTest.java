package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryStore;
import java.util.ArrayList;
import java.util.List;
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
    private static final class SlowStore extends ForwardingStore {
        final CompletableFuture<List<StoredRecord>> vms = new CompletableFuture<>();

        SlowStore(MemoryStore store) {
            super(store);
        }

        @Override
        public CompletableFuture<List<StoredRecord>> readVms() {
            return vms;
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
