package io.kelpie.controller.control;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.RecordKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reading of the store for one term, in two parts: what leases need, then everything else. Started and abandoned by
 * the control thread, which the answers reach as events; nothing here waits.
 */
final class TermLoading {
    private static final Logger log = LoggerFactory.getLogger(TermLoading.class);

    private final LeaderTerm term;
    private final ClusterStore store;
    private final Executor loader;
    private final TimeSource time;
    private final Consumer<ControlEvent> events;
    private final long beganNanos;

    /** What was asked of the store; the control thread's. */
    private final List<CompletableFuture<?>> reads = new ArrayList<>();

    private volatile boolean abandoned;

    /**
     * @param loader makes the term's state of what was read, which can take a while
     * @param events takes {@link ControlEvent.HostsLoaded} and {@link ControlEvent.StateLoaded}; called on any thread
     */
    TermLoading(LeaderTerm term, ClusterStore store, Executor loader, TimeSource time, Consumer<ControlEvent> events) {
        this.term = term;
        this.store = store;
        this.loader = loader;
        this.time = time;
        this.events = events;
        this.beganNanos = time.nanoTime();
    }

    /** Reads what leases need: cluster, controllers and hosts. */
    void readFirst() {
        var cluster = asked(store.read(new RecordKey.ClusterKey()));
        var config = asked(store.read(new RecordKey.ConfigKey()));
        var set = asked(store.read(new RecordKey.ControllerSetKey()));
        var hosts = asked(store.readHosts());
        CompletableFuture.allOf(cluster, config, set, hosts)
                .thenApply(all -> new LoadedHosts(
                        cluster.join().orElseThrow(() -> new IllegalStateException("the store has no /cluster record")),
                        config.join(),
                        set.join(),
                        hosts.join()))
                .whenComplete((loaded, failure) -> {
                    note(failure);
                    events.accept(new ControlEvent.HostsLoaded(term, Optional.ofNullable(loaded)));
                });
    }

    /** Reads everything else, and makes the term's state of it. */
    void readRest(LoadedHosts first) {
        long firstReadNanos = time.nanoTime();
        var capabilities = asked(store.readCapabilities());
        var jobs = asked(store.readJobs());
        var vms = asked(store.readVms());
        var requests = asked(store.readRequests());
        CompletableFuture.allOf(capabilities, jobs, vms, requests)
                .thenApply(all -> time.nanoTime())
                .thenApplyAsync(
                        readNanos -> LoadedTerm.of(
                                term,
                                new LoadedState(first, capabilities.join(), jobs.join(), vms.join(), requests.join()),
                                firstReadNanos - beganNanos,
                                readNanos - firstReadNanos,
                                time),
                        loader)
                .whenComplete((state, failure) -> {
                    note(failure);
                    events.accept(new ControlEvent.StateLoaded(term, Optional.ofNullable(state)));
                });
    }

    /** Ends the reading, if it still goes on: the term is over, and nobody waits for its state. */
    void abandon() {
        abandoned = true;
        reads.forEach(read -> read.cancel(false));
    }

    private <T> CompletableFuture<T> asked(CompletableFuture<T> read) {
        reads.add(read);
        return read;
    }

    private void note(@Nullable Throwable failure) {
        if (failure != null && abandoned) {
            log.info("{} ended before the store was read", term);
        } else if (failure != null) {
            log.warn("the store could not be read", failure);
        }
    }
}
