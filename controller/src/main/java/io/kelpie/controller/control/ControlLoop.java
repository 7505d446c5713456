package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.ErrorReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where the controller decides: events in, commits out, then effects. A tick drains the queue, applies
 * the events, reconciles, plans and hands one batch to the store; nothing in it waits for I/O.
 *
 * <p>{@link #tick} must always be called by the same thread; {@link #view} may be called by any.
 */
public final class ControlLoop {
    /** Longest wait for an event: bounds how late a deadline or a retry is noticed. */
    public static final long TICK_MILLIS = 100;

    private static final Logger log = LoggerFactory.getLogger(ControlLoop.class);

    private final ControlQueue queue;
    private final ClusterStore store;
    private final Leadership leadership;
    private final SchedulingPolicy policy;
    private final List<String> controllers;
    private final TimeSource time;
    private final ControlMetrics metrics;

    /** The term that began last and has not ended, loaded or not. */
    private @Nullable LeaderTerm begun;

    private @Nullable ActiveTerm active;

    /** Events that came between the begin of the term and the end of its loading. */
    private final List<ControlEvent> early = new ArrayList<>();

    private volatile Optional<LeaderView> view = Optional.empty();

    public ControlLoop(
            ControlQueue queue,
            ClusterStore store,
            Leadership leadership,
            SchedulingPolicy policy,
            List<String> controllers,
            TimeSource time,
            ControlMetrics metrics) {
        this.queue = queue;
        this.store = store;
        this.leadership = leadership;
        this.policy = policy;
        this.controllers = List.copyOf(controllers);
        this.time = time;
        this.metrics = metrics;
    }

    /** Begins to stand for election. */
    public void start() {
        leadership.start(new Leadership.Listener() {
            @Override
            public void termBegan(LeaderTerm term) {
                queue.add(new ControlEvent.TermBegan(term));
            }

            @Override
            public void termEnded(LeaderTerm term) {
                queue.add(new ControlEvent.TermEnded(term));
            }
        });
    }

    /** What this controller knows as the leader; empty while it does not lead. */
    public Optional<LeaderView> view() {
        return view;
    }

    /** Waits at most {@code timeoutMillis} for events, then does one tick. */
    public void tick(long timeoutMillis) throws InterruptedException {
        List<ControlEvent> events = queue.drain(timeoutMillis);
        long begin = time.nanoTime();
        try {
            events.forEach(this::handle);
            if (active != null && !active.tick()) {
                log.warn("{} cannot go on: no write has succeeded for {} ms", begun, ActiveTerm.PROOF_LIMIT_MILLIS);
                resign();
            }
        } catch (RuntimeException e) {
            // A defect. What was decided in this tick may be half of something: drop all of it with the term, and let
            // this or another controller begin anew from what is durable.
            String id = UUID.randomUUID().toString();
            log.error("defect {} in the control loop; giving up the term", id, e);
            resign();
        }
        metrics.ticked(time.nanoTime() - begin);
    }

    private void handle(ControlEvent event) {
        if (event instanceof ControlEvent.TermBegan began) {
            termBegan(began.term());
        } else if (event instanceof ControlEvent.TermEnded ended) {
            if (ended.term() == begun) {
                endTerm();
            }
        } else if (event instanceof ControlEvent.StateLoaded loaded) {
            loaded(loaded);
        } else if (active != null) {
            dispatch(active, event);
        } else if (begun != null) {
            early.add(event);
        } else {
            refuse(event);
        }
    }

    private void dispatch(ActiveTerm current, ControlEvent event) {
        if (event instanceof ControlEvent.CommitAnswered answered) {
            if (answered.term() == current.term() && !current.committed(answered)) {
                log.warn("{} cannot go on: a batch ended as {}", current.term(), answered.outcome());
                resign();
            }
        } else if (event instanceof ControlEvent.Settled settled) {
            if (settled.term() == current.term() && !current.settled(settled)) {
                log.warn("{} cannot go on: the store says that it has ended", current.term());
                resign();
            }
        } else if (event instanceof ControlEvent.ProofAnswered proof) {
            if (proof.term() == current.term() && !current.proved(proof)) {
                log.warn("{} cannot go on: the store says that it has ended", current.term());
                resign();
            }
        } else if (event instanceof ControlEvent.AgentConnected connected) {
            current.connected(connected);
        } else if (event instanceof ControlEvent.AgentClosed closed) {
            current.closed(closed.session());
        } else if (event instanceof ControlEvent.ReportsReady reports) {
            current.reported(reports.session());
        } else if (event instanceof ControlEvent.AckReceived ack) {
            current.acknowledged(ack);
        } else if (event instanceof ControlEvent.CapabilitiesChanged capabilities) {
            current.capabilities(capabilities);
        } else if (event instanceof ControlEvent.HostMessage message) {
            current.send(message);
        } else if (event instanceof ControlEvent.OperatorCall call) {
            current.call(call);
        }
    }

    private void termBegan(LeaderTerm term) {
        endTerm();
        begun = term;
        log.info("{} began; reading the store", term);
        var cluster = store.read(new RecordKey.ClusterKey());
        var hosts = store.readHosts();
        var capabilities = store.readCapabilities();
        var jobs = store.readJobs();
        var vms = store.readVms();
        var requests = store.readRequests();
        CompletableFuture.allOf(cluster, hosts, capabilities, jobs, vms, requests)
                .thenApply(all -> new LoadedState(
                        cluster.join().orElseThrow(() -> new IllegalStateException("the store has no /cluster record")),
                        hosts.join(),
                        capabilities.join(),
                        jobs.join(),
                        vms.join(),
                        requests.join()))
                .whenComplete((state, failure) -> {
                    if (failure != null) {
                        log.warn("the store could not be read", failure);
                    }
                    queue.add(new ControlEvent.StateLoaded(term, Optional.ofNullable(state)));
                });
    }

    private void loaded(ControlEvent.StateLoaded loaded) {
        if (loaded.term() != begun) {
            return;
        }
        if (loaded.state().isEmpty()) {
            resign();
            return;
        }
        ActiveTerm term = new ActiveTerm(
                loaded.term(), loaded.state().get(), store, policy, controllers, time, metrics, queue::add);
        active = term;
        view = Optional.of(term.view());
        metrics.leads(loaded.term().epoch());
        log.info("{} is active", loaded.term());
        List<ControlEvent> waiting = List.copyOf(early);
        early.clear();
        waiting.forEach(this::handle);
    }

    private void resign() {
        LeaderTerm term = begun;
        endTerm();
        if (term != null) {
            leadership.resign(term);
        }
    }

    private void endTerm() {
        view = Optional.empty();
        metrics.leadsNoMore();
        if (active != null) {
            log.info("{} ended", active.term());
            active.end();
            active = null;
        }
        begun = null;
        early.forEach(this::refuse);
        early.clear();
    }

    /** Nobody leads here: whoever waits for an answer is told. */
    private void refuse(ControlEvent event) {
        if (event instanceof ControlEvent.OperatorCall call) {
            call.answer().completeExceptionally(notLeader());
        } else if (event instanceof ControlEvent.AgentConnected connected) {
            connected.session().close(notLeader());
        } else if (event instanceof ControlEvent.HostMessage message) {
            message.sent().completeExceptionally(notLeader());
        }
    }

    /** The refusal of a controller that does not lead; names the leader if one is known. */
    public KelpieException notLeader() {
        return leadership
                .leaderAddress()
                .map(leader -> new KelpieException(
                        ErrorReason.ERROR_REASON_NOT_LEADER,
                        "this controller does not lead; the leader is " + leader,
                        "ask it",
                        Map.of("leader", leader)))
                .orElseGet(() -> new KelpieException(
                        ErrorReason.ERROR_REASON_NOT_LEADER,
                        "this controller does not lead, and no leader is known",
                        "retry in a few seconds;" + " if it lasts, look at ZooKeeper"));
    }
}
