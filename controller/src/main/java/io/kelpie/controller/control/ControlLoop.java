package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Uuids;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.lease.Grantee;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.view.LeaderView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
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

    /** So long after this controller was started, hosts may still be starting too. */
    private static final long COLD_START_NANOS = TimeUnit.MINUTES.toNanos(5);

    private static final Logger log = LoggerFactory.getLogger(ControlLoop.class);

    private final ControlQueue queue;
    private final ClusterStore store;
    private final Leadership leadership;
    private final Leases leases;
    private final Executor loader;
    private final long coldUntilNanos;
    private final SchedulingPolicy policy;
    private final Membership membership;
    private final TimeSource time;
    private final ControlMetrics metrics;

    /** The term that began last and has not ended, loaded or not. */
    private @Nullable LeaderTerm begun;

    /** When it was known to have begun. */
    private long begunNanos;

    /** The reading of the store, while it goes on. */
    private @Nullable TermLoading loading;

    /** The part of the term in which hosts are known and VMs are being read. */
    private @Nullable Reception reception;

    private @Nullable ActiveTerm active;

    /** Events that came between the begin of the term and the end of its loading. */
    private final List<ControlEvent> early = new ArrayList<>();

    private final Standing standing;

    /**
     * @param leases what this controller promises to hosts; made with {@link #leaseListener}
     * @param loader makes a term's state of what was read, which can take a while; not the control thread
     * @param membership the other controllers
     */
    public ControlLoop(
            ControlQueue queue,
            ClusterStore store,
            Leadership leadership,
            Leases leases,
            Executor loader,
            SchedulingPolicy policy,
            Membership membership,
            TimeSource time,
            ControlMetrics metrics) {
        this.queue = queue;
        this.store = store;
        this.leadership = leadership;
        this.leases = leases;
        this.loader = loader;
        this.coldUntilNanos = time.nanoTime() + COLD_START_NANOS;
        this.policy = policy;
        this.membership = membership;
        this.time = time;
        this.metrics = metrics;
        this.standing = new Standing(leadership, time);
    }

    /** Hands what leases have to say to the control thread. */
    public static Leases.Listener leaseListener(ControlQueue queue) {
        return new Leases.Listener() {
            @Override
            public void leased(String hostId, Grantee stream, long lineage) {
                queue.add(new ControlEvent.HostLeased(hostId, stream, lineage));
            }

            @Override
            public void termEnded(LeaderTerm term) {
                queue.add(new ControlEvent.ProofRefused(term));
            }
        };
    }

    /**
     * Begins to stand for election.
     *
     * @param beside are told of each term too, when whoever comes to this controller because of that already meets the new
     *     term
     */
    public void start(Leadership.Listener... beside) {
        List<Leadership.Listener> others = List.of(beside);
        leadership.start(new Leadership.Listener() {
            @Override
            public void termBegan(LeaderTerm term) {
                queue.add(new ControlEvent.TermBegan(term));
                others.forEach(other -> other.termBegan(term));
            }

            @Override
            public void termEnded(LeaderTerm term) {
                queue.add(new ControlEvent.TermEnded(term));
                others.forEach(other -> other.termEnded(term));
            }
        });
    }

    /** What this controller knows as the leader; empty while it does not lead. */
    public Optional<LeaderView> view() {
        return standing.leading();
    }

    /** What this controller may show to operators, and why it refuses changes. */
    public Standing standing() {
        return standing;
    }

    /** Waits at most {@code timeoutMillis} for events, not at all if the last tick has left work, then does one tick. */
    public void tick(long timeoutMillis) throws InterruptedException {
        List<ControlEvent> events = queue.drain(active != null && active.isUnfinished() ? 0 : timeoutMillis);
        long begin = time.nanoTime();
        try {
            standing.observe(store.isConnected());
            events.forEach(this::handle);
            if (active != null && !active.tick()) {
                log.warn(
                        "{} is given up: no write has succeeded for {} ms, many hosts were lost at once, or this"
                                + " controller was removed",
                        begun,
                        ActiveTerm.PROOF_LIMIT_MILLIS);
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
        } else if (event instanceof ControlEvent.ProofRefused refused) {
            if (refused.term() == begun) {
                log.warn("{} cannot go on: the store says that it has ended", begun);
                resign();
            }
        } else if (event instanceof ControlEvent.HostsLoaded loaded) {
            hostsLoaded(loaded);
        } else if (event instanceof ControlEvent.StateLoaded loaded) {
            loaded(loaded);
        } else {
            noteSeen(event);
            decide(event);
        }
    }

    /** Whether it leads or not: a store that is put back goes on above every epoch that a host has shown. */
    private void noteSeen(ControlEvent event) {
        if (event instanceof ControlEvent.AgentConnected connected) {
            Uuids.parse(connected.hello().getClusterUuid())
                    .ifPresent(cluster ->
                            leadership.noteSeen(cluster, connected.hello().getHighestEpoch()));
        }
    }

    private void decide(ControlEvent event) {
        if (active != null) {
            dispatch(active, event);
        } else if (begun != null) {
            early.add(event);
            receive(event);
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
            current.connected(connected, Hosts.Greeting.OWED);
        } else if (event instanceof ControlEvent.HostLeased leased) {
            current.leased(leased);
        } else if (event instanceof ControlEvent.AgentClosed closed) {
            current.closed(closed.session());
        } else if (event instanceof ControlEvent.ReportsReady reports) {
            current.reported(reports.session());
        } else if (event instanceof ControlEvent.AckReceived ack) {
            current.acknowledged(ack);
        } else if (event instanceof ControlEvent.CapabilitiesChanged capabilities) {
            current.capabilities(capabilities);
        } else if (event instanceof ControlEvent.ImagesChanged images) {
            current.images(images.session());
        } else if (event instanceof ControlEvent.CapacityChanged capacity) {
            current.capacity(capacity);
        } else if (event instanceof ControlEvent.DoubtTested tested) {
            doubted(current, tested);
        } else if (event instanceof ControlEvent.RecordsAsked asked) {
            current.records(asked.answer());
        } else if (event instanceof ControlEvent.HostMessage message) {
            current.send(message);
        } else if (event instanceof ControlEvent.CallPrepared<?> call) {
            current.prepare(call);
        } else if (event instanceof ControlEvent.OperatorCall call) {
            current.call(call);
        }
    }

    /** Reads first what leases need: cluster, controllers and hosts. */
    private void termBegan(LeaderTerm term) {
        endTerm();
        begun = term;
        begunNanos = time.nanoTime();
        log.info("{} began; reading the store", term);
        loading = new TermLoading(term, store, loader, time, queue::add);
        loading.readFirst();
    }

    /** From here on hosts are granted. Everything else is read, and made ready off the control thread. */
    private void hostsLoaded(ControlEvent.HostsLoaded event) {
        LeaderTerm term = event.term();
        if (term != begun || loading == null) {
            return;
        }
        if (event.hosts().isEmpty()) {
            resign();
            return;
        }
        LoadedHosts first = event.hosts().get();
        reception = new Reception(term, first, leases, membership.configured());
        log.info("{} grants leases: {} hosts known", term, first.hosts().size());
        early.forEach(this::receive);
        loading.readRest(first);
    }

    /** Hosts that wait are welcomed as soon as that is safe; all else about them waits for the VMs. */
    private void receive(ControlEvent event) {
        if (reception != null && event instanceof ControlEvent.AgentConnected connected) {
            reception.connected(connected.session(), connected.hello());
        } else if (reception != null && event instanceof ControlEvent.AgentClosed closed) {
            reception.closed(closed.session());
        }
    }

    private void loaded(ControlEvent.StateLoaded loaded) {
        if (loaded.term() != begun) {
            return;
        }
        if (loaded.state().isEmpty() || reception == null) {
            resign();
            return;
        }
        ActiveTerm term = new ActiveTerm(
                loaded.term(),
                new Promises(leases, begunNanos),
                loaded.state().get(),
                store,
                policy,
                membership,
                coldUntilNanos,
                time,
                metrics,
                queue::add);
        active = term;
        standing.leads(term.view());
        metrics.leads(loaded.term().epoch());
        LoadTimes times = loaded.state().get().times();
        metrics.loaded(times);
        log.info(
                "{} is active: hosts read in {} ms, the rest in {} ms, parsed in {} ms, built in {} ms",
                loaded.term(),
                TimeUnit.NANOSECONDS.toMillis(times.hosts()),
                TimeUnit.NANOSECONDS.toMillis(times.read()),
                TimeUnit.NANOSECONDS.toMillis(times.parse()),
                TimeUnit.NANOSECONDS.toMillis(times.build()));
        loading = null;
        Set<AgentSession> welcomed = reception.welcomed();
        reception = null;
        List<ControlEvent> waiting = List.copyOf(early);
        early.clear();
        for (ControlEvent event : waiting) {
            if (event instanceof ControlEvent.AgentConnected connected && welcomed.contains(connected.session())) {
                term.connected(connected, Hosts.Greeting.DONE);
            } else {
                handle(event);
            }
        }
    }

    /** If the term still stood after the host had said so, the store is not the cluster's latest. */
    private void doubted(ActiveTerm current, ControlEvent.DoubtTested tested) {
        if (tested.term() != current.term()) {
            return;
        }
        switch (tested.outcome()) {
            case COMMITTED -> {
                StoreDoubt doubt = tested.doubt();
                log.error("{} is given up: {}", current.term(), doubt.why().reason());
                endTerm();
                leadership.distrust(tested.term(), doubt.why(), doubt.seenEpoch());
            }
            case CONFLICT, TERM_ENDED -> resign();
            case OUTCOME_UNKNOWN -> {} // the host says it again
        }
    }

    private void resign() {
        LeaderTerm term = begun;
        endTerm();
        if (term != null) {
            leadership.resign(term);
        }
    }

    private void endTerm() {
        standing.ended(time.wallMillis() - ActiveTerm.PROOF_LIMIT_MILLIS);
        metrics.leadsNoMore();
        leases.end();
        if (loading != null) {
            loading.abandon();
            loading = null;
        }
        reception = null;
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
            call.answer().completeExceptionally(refusal());
        } else if (event instanceof ControlEvent.RecordsAsked asked) {
            asked.answer().completeExceptionally(refusal());
        } else if (event instanceof ControlEvent.CallPrepared<?> call) {
            call.answer().completeExceptionally(refusal());
        } else if (event instanceof ControlEvent.AgentConnected connected) {
            connected.session().close(notLeader());
        } else if (event instanceof ControlEvent.HostMessage message) {
            message.sent().completeExceptionally(refusal());
        }
    }

    private KelpieException refusal() {
        return standing.refusal().orElseGet(this::notLeader);
    }

    /** The refusal of a controller that does not lead; names the leader if one is known. */
    public KelpieException notLeader() {
        return standing.notLeader();
    }
}
