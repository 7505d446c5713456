package io.kelpie.controller.control;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.RequestRecord;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One term of this controller, from the moment at which the store was read. Everything that the leader knows lives
 * here and is dropped with the term. Belongs to the control thread.
 */
final class ActiveTerm {
    /** A leader that could not write for this long gives up: another may lead already, whatever its session says. */
    static final long PROOF_LIMIT_MILLIS = 4_000;

    private static final long PROOF_LIMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(PROOF_LIMIT_MILLIS);
    private static final long PROOF_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long JUDGE_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long BACKUPS_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RETRY_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long PRUNE_INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long REQUESTS_KEPT_MILLIS = TimeUnit.DAYS.toMillis(1);
    private static final int PRUNED_AT_ONCE = 400;

    private final LeaderTerm term;
    private final ClusterStore store;
    private final Consumer<ControlEvent> events;
    private final TimeSource time;
    private final ControlMetrics metrics;
    private final ClusterEditor cluster;
    private final CommitPipeline pipeline;
    private final Promises promises;
    private final VmSteps steps;
    private final HostFencing fencing;
    private final HostJudge judge;
    private final RecoveryWatch recovery;
    private final Orphans orphans;
    private final Hosts hosts;
    private final JobRound jobRound;
    private final PlacementRound placementRound;
    private final MoveRound moves;
    private final BackupWatch backups;
    private final Deadlines deadlines;
    private final ControllerRound controllers;
    private final FreezeRound freezes;
    private final LeaderView view;
    private final ClusterRecord record;

    private long provenNanos;
    private long proofSentNanos;
    private boolean proofUnderWay;
    private long judgedNanos;
    private long backupsNanos;
    private long plannedNanos;
    private long prunedNanos;
    private boolean changed = true;

    /**
     * @param promises of this term; hosts may have been granted under it already
     * @param loaded what the store held; belongs to the term from here on
     * @param membership the other controllers
     * @param coldUntilNanos until when hosts may still be starting, after a start of everything
     * @param events takes the store's answers; called on threads of the store
     */
    ActiveTerm(
            LeaderTerm term,
            Promises promises,
            LoadedTerm loaded,
            ClusterStore store,
            SchedulingPolicy policy,
            Membership membership,
            long coldUntilNanos,
            TimeSource time,
            ControlMetrics metrics,
            Consumer<ControlEvent> events) {
        this.term = term;
        this.store = store;
        this.events = events;
        this.time = time;
        this.metrics = metrics;
        this.promises = promises;
        this.view = loaded.view();
        this.record = loaded.record();
        this.cluster = loaded.cluster();
        this.pipeline = new CommitPipeline(term, store, events, metrics::committed, time);
        Commands commands = new Commands(term.epoch());
        this.steps = new VmSteps(cluster, commands, promises.leases());
        LiveInventory live = new LiveInventory(cluster, policy, term.epoch());
        this.fencing = new HostFencing(term.epoch(), cluster, steps, promises, metrics, live, pipeline::submit);
        this.judge = new HostJudge(term, cluster, promises, fencing, view.warnings(), coldUntilNanos, pipeline::submit);
        this.controllers =
                new ControllerRound(membership, cluster, promises.leases(), view.warnings(), pipeline::submit);
        this.freezes = new FreezeRound(cluster, promises.leases(), view.freeze(), pipeline::submit);
        InstanceReports reports = new InstanceReports(cluster, steps, metrics);
        this.recovery = new RecoveryWatch(
                record,
                cluster,
                view.warnings(),
                promises.leases().times().fenceWait().toNanos(),
                pipeline::submit);
        Adoption adoption = new Adoption(cluster, reports);
        this.orphans = new Orphans(cluster, commands, adoption);
        this.hosts = new Hosts(
                new Welcomes(
                        view.clusterUuid(),
                        term.epoch(),
                        membership.configured(),
                        promises.leases().times()),
                new Admission(view.clusterUuid(), term.epoch(), cluster, promises, fencing),
                promises,
                freezes,
                judge,
                cluster,
                steps,
                reports,
                recovery,
                new HostCorrections(cluster, commands, steps, reports, recovery, adoption, orphans),
                pipeline::submit);
        this.jobRound = new JobRound(cluster, steps, recovery, pipeline::submit);
        this.placementRound =
                new PlacementRound(cluster, steps, policy, term.epoch(), live, orphans, metrics, pipeline::submit);
        this.moves = new MoveRound(cluster, steps, placementRound, recovery, view.moves(), pipeline::submit);
        this.backups = new BackupWatch(live, metrics, view.failover(), view.warnings());
        this.deadlines = new Deadlines(cluster, steps, pipeline::submit);
        long now = time.nanoTime();
        this.provenNanos = now;
        this.proofSentNanos = now;
        this.judgedNanos = now - JUDGE_INTERVAL_NANOS;
        this.backupsNanos = now;
        this.plannedNanos = now - RETRY_INTERVAL_NANOS;
        this.prunedNanos = now;
        cluster.events().add("cluster", "TermBegan", "this controller leads: epoch " + term.epoch());
    }

    LeaderTerm term() {
        return term;
    }

    LeaderView view() {
        return view;
    }

    void connected(ControlEvent.AgentConnected event, Hosts.Greeting welcome) {
        Doubts.about(
                        event.hello(),
                        view.clusterUuid(),
                        term.epoch(),
                        cluster.host(event.hello().getHostId()),
                        recovery)
                .ifPresent(this::test);
        hosts.connected(event.session(), event.hello(), welcome);
        changed = true;
    }

    /** A later leader may be all that the host has seen: a proof that begins now tells. */
    private void test(StoreDoubt doubt) {
        store.prove(term).thenAccept(outcome -> events.accept(new ControlEvent.DoubtTested(term, doubt, outcome)));
    }

    /** All records as of now, once they are durable. */
    void records(CompletableFuture<RecordsOfTerm> answer) {
        RecordsOfTerm records = new RecordsOfTerm(term.epoch(), record, cluster.records());
        pipeline.submit(new Unit()
                .then(() -> answer.complete(records))
                .orElse(() -> answer.completeExceptionally(abandoned())));
    }

    void leased(ControlEvent.HostLeased event) {
        hosts.leased(event);
        changed = true;
    }

    void closed(AgentSession session) {
        hosts.closed(session);
        changed = true;
    }

    void reported(AgentSession session) {
        hosts.reported(session);
        changed = true;
    }

    void acknowledged(ControlEvent.AckReceived event) {
        hosts.acknowledged(event.session(), event.ack());
        changed = true;
    }

    void images(AgentSession session) {
        hosts.images(session);
    }

    void capacity(ControlEvent.CapacityChanged event) {
        hosts.capacity(event.session(), event.capacity());
        changed = true;
    }

    void capabilities(ControlEvent.CapabilitiesChanged event) {
        hosts.capabilities(event.session(), event.capabilities());
        changed = true;
    }

    void send(ControlEvent.HostMessage message) {
        hosts.send(message);
    }

    /** An operator's call: replayed, refused, or applied and answered once it is durable. */
    void call(ControlEvent.OperatorCall call) {
        changed = true;
        Unit unit = new Unit();
        unit.orElse(() -> call.answer().completeExceptionally(abandoned()));
        Optional<RequestRecord> earlier = cluster.requests().find(call.requestId());
        if (earlier.isPresent()) {
            replay(call, earlier.get(), unit);
            return;
        }
        try {
            Message response = call.operation().apply(context(), unit);
            ByteString bytes = response.toByteString();
            cluster.requests().put(call.requestId(), call.bodyHash(), bytes, unit);
            unit.then(() -> call.answer().complete(bytes));
            pipeline.submit(unit);
        } catch (KelpieException e) {
            refuse(call, e);
        }
    }

    /** What comes before an operator's call: done, or refused, at once; it changes no record. */
    <T> void prepare(ControlEvent.CallPrepared<T> call) {
        changed = true;
        try {
            T prepared = call.preparation().prepare(context());
            call.answer().complete(prepared);
        } catch (KelpieException e) {
            call.answer().completeExceptionally(e);
        }
    }

    private OperationContext context() {
        return new OperationContext(
                cluster,
                steps,
                pipeline::submit,
                fencing,
                promises.leases(),
                orphans,
                controllers,
                freezes,
                placementRound,
                moves);
    }

    private void replay(ControlEvent.OperatorCall call, RequestRecord earlier, Unit unit) {
        if (!earlier.getBodyHash().equals(call.bodyHash())) {
            refuse(
                    call,
                    new KelpieException(
                            ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
                            "request id " + call.requestId() + " was used before with another body",
                            "use a new id for a new request",
                            Map.of("request_id", call.requestId().toString())));
            return;
        }
        unit.then(() -> call.answer().complete(earlier.getResponse()));
        pipeline.submit(unit);
    }

    /** Even a refusal waits its turn: it may rest on a change that is not durable yet. */
    private void refuse(ControlEvent.OperatorCall call, KelpieException reason) {
        Unit refusal = new Unit();
        refusal.then(() -> call.answer().completeExceptionally(reason));
        refusal.orElse(() -> call.answer().completeExceptionally(abandoned()));
        pipeline.submit(refusal);
    }

    private static KelpieException abandoned() {
        return new KelpieException(
                ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                "this controller ceased to lead before the change was known to be durable",
                "retry with the same request id");
    }

    /** @return false if the term cannot go on */
    boolean committed(ControlEvent.CommitAnswered event) {
        return pipeline.answered(event.batch(), event.outcome());
    }

    /** @return false if the term cannot go on */
    boolean proved(ControlEvent.ProofAnswered event) {
        proofUnderWay = false;
        return switch (event.outcome()) {
            case COMMITTED -> {
                provenNanos = event.sentNanos();
                yield true;
            }
            case OUTCOME_UNKNOWN -> true; // asked again; the limit ends it
            case CONFLICT, TERM_ENDED -> false;
        };
    }

    /** @return false if the term cannot go on */
    boolean settled(ControlEvent.Settled event) {
        return pipeline.settled(event.batchesApplied());
    }

    /**
     * What one tick does after its events.
     *
     * @return false if the term cannot go on: nothing was written for too long, many hosts were lost at once,
     *     or this controller was removed
     */
    boolean tick() {
        long now = time.nanoTime();
        if (now - provenNanos > PROOF_LIMIT_NANOS) {
            return false;
        }
        if (!proofUnderWay && now - proofSentNanos >= PROOF_INTERVAL_NANOS) {
            prove(now);
        }
        if (now - judgedNanos >= JUDGE_INTERVAL_NANOS) {
            judgedNanos = now;
            controllers.check();
            freezes.check();
            judge.judgeAll();
            moves.advance();
            if (recovery.isOverNow()) {
                hosts.compareAll();
                cluster.jobs().forEach(job -> cluster.reconcileLater(job.key()));
                changed = true;
            }
            if (!recovery.isOn()) {
                deadlines.check();
            }
            metrics.count(cluster);
        }
        if (now - backupsNanos >= BACKUPS_INTERVAL_NANOS) {
            backupsNanos = now;
            backups.check();
        }
        changed |= judge.fenceDue();
        if (now - prunedNanos >= PRUNE_INTERVAL_NANOS) {
            prunedNanos = now;
            Unit unit = new Unit();
            cluster.requests().prune(cluster.nowMillis() - REQUESTS_KEPT_MILLIS, PRUNED_AT_ONCE, unit);
            pipeline.submit(unit);
        }
        jobRound.reconcile();
        boolean retry = now - plannedNanos >= RETRY_INTERVAL_NANOS;
        if ((changed || retry || placementRound.isUnfinished()) && !pipeline.isCongested()) {
            plannedNanos = now;
            if (recovery.isOn()) {
                placementRound.hold("recovery", recovery.reason());
            } else {
                placementRound.decide();
                jobRound.reconcile();
            }
            changed = false;
        }
        placementRound.showReasons();
        pipeline.flush();
        return !judge.isToResign() && !controllers.isToResign();
    }

    /** Whether the next tick has something to do that waits for no event. */
    boolean isUnfinished() {
        return placementRound.isUnfinished() && !pipeline.isCongested();
    }

    private void prove(long now) {
        proofUnderWay = true;
        proofSentNanos = now;
        store.prove(term).thenAccept(outcome -> events.accept(new ControlEvent.ProofAnswered(term, outcome, now)));
    }

    /** Ends the term: nothing is written, sent or answered under it any more. */
    void end() {
        pipeline.end();
        view.model().end();
        hosts.closeAll(new KelpieException(
                ErrorReason.ERROR_REASON_NOT_LEADER, "this controller does not lead any more", "ask the others"));
    }
}
