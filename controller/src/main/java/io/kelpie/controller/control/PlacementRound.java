package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.Leasing;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.explain.Explanation;
import io.kelpie.controller.scheduling.preempt.Nomination;
import io.kelpie.controller.scheduling.queue.PendingQueue;
import io.kelpie.proto.v1.JobSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides on the VMs that wait for a place, in the order of their queue, and commits what it finds. A round does a
 * bounded work; what is left goes on in the next. Belongs to the control thread.
 */
final class PlacementRound {
    /** VMs that one round decides on: bounds what one tick adds to the commits under way. */
    static final int DECISIONS_MAX = 1_000;

    /** A round begins no decision after so long: half of a tick's interval, and a fraction of what a host's lease lasts. */
    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(ControlLoop.TICK_MILLIS / 2);

    /** Decisions of one round that are told with scores and runners-up: each takes a look at every host. */
    private static final int EXPLAINED_MAX = 5;

    /** Of the VMs that a round places, so many are told which rules removed other hosts: a look at every host too. */
    private static final int RULES_TOLD_MAX = 50;

    /** A VM that must not be decided on is looked at again after so long. */
    private static final long PUT_OFF_MILLIS = 1_000;

    /** Also one that would need a place kept while as many are as may be. */
    private static final long FULL_PUT_OFF_MILLIS = 5_000;

    private static final Logger log = LoggerFactory.getLogger(PlacementRound.class);

    /** A decision that is not verified and committed yet. */
    private record Made(VmEntry vm, PlacementRequest request, Decision decision, Optional<Explanation> explanation) {
        Made with(Decision other) {
            return new Made(vm, request, other, explanation);
        }
    }

    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final SchedulingPolicy policy;
    private final long seed;
    private final LiveInventory live;
    private final PendingVms pending;
    private final PendingQueue queue;
    private final PendingReasons reasons;
    private final Preemptions preemptions;
    private final Orphans orphans;
    private final ControlMetrics metrics;
    private final Consumer<Unit> pipeline;
    private final List<Made> made = new ArrayList<>();
    private int explained;
    private int placed;
    private boolean isUnfinished;

    PlacementRound(
            ClusterEditor cluster,
            VmSteps steps,
            SchedulingPolicy policy,
            long seed,
            LiveInventory live,
            Orphans orphans,
            ControlMetrics metrics,
            Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.steps = steps;
        this.policy = policy;
        this.seed = seed;
        this.live = live;
        pending = new PendingVms(cluster, live);
        queue = pending.queue();
        reasons = new PendingReasons(cluster, queue, pipeline);
        preemptions = new Preemptions(cluster, steps, policy, live, queue, reasons, metrics, pipeline);
        this.orphans = orphans;
        this.metrics = metrics;
        this.pipeline = pipeline;
    }

    /** Whether the last round has left VMs that could have been decided on. */
    boolean isUnfinished() {
        return isUnfinished;
    }

    /** Says of VMs why they are not even tried to be placed, as long as nothing may be. */
    void hold(String rule, String why) {
        int left = DECISIONS_MAX;
        for (VmEntry vm : cluster.pending()) {
            if (!PendingReasons.isHeld(vm, rule, why)) {
                reasons.hold(vm, rule, why);
                if (--left == 0) {
                    return;
                }
            }
        }
    }

    /** Decides on VMs whose turn it is; whether a place was found or not, each has its reasons afterwards. */
    void decide() {
        isUnfinished = false;
        if (!pending.isEmpty()) {
            live.refresh();
            live.inventory().takeEased().forEach(queue::hostChanged);
            InventoryChanges changes = live.takeChanges();
            pending.advance(changes).forEach(reasons::waits);
            preemptions.review(changes);
            explained = 0;
            placed = 0;
            metrics.plan(() -> {
                placeNominees();
                isUnfinished = takeTurns();
                return isUnfinished;
            });
            commit();
        }
        metrics.queued(queue.counts());
    }

    /** Shows VMs that were not decided on themselves why they have no place, some at a time. */
    void showReasons() {
        reasons.round();
    }

    /** Returns whether VMs are left. */
    private boolean takeTurns() {
        long begin = cluster.nowNanos();
        for (int decisions = 0; decisions < DECISIONS_MAX; decisions++) {
            if (cluster.nowNanos() - begin >= ROUND_NANOS) {
                return true;
            }
            Optional<PlacementRequest> next = queue.next();
            if (next.isEmpty()) {
                return false;
            }
            decideOn(cluster.vm(next.get().vmId()).orElseThrow(), next.get());
        }
        return true;
    }

    private void decideOn(VmEntry vm, PlacementRequest request) {
        if (isHeldByOrphan(vm)) {
            queue.putOff(vm.id(), cluster.nowMillis() + PUT_OFF_MILLIS, "another instance of it is alive");
            return;
        }
        if (preemptions.isNominated(vm.id())) {
            catchUp();
            preemptions.giveUp(vm.id()); // it is decided on anew; whom it waits for still counts as leaving
        }
        Made decided = make(vm, request);
        if (decided.decision().host().isPresent()) {
            queue.placed(vm.id(), decided.decision().host().get());
            made.add(decided);
        } else if (!makeRoom(vm, request, decided)) {
            queue.rejected(vm.id(), decided.decision());
            made.add(decided);
        }
    }

    private boolean isHeldByOrphan(VmEntry vm) {
        Optional<String> besides = orphans.besides(vm);
        besides.ifPresent(instance -> reasons.hold(
                vm,
                "orphan",
                instance + " is alive, and the VM must not run twice. Fix: kelpie get orphans, then"
                        + " kelpie orphans kill or adopt"));
        return besides.isPresent();
    }

    private Made make(VmEntry vm, PlacementRequest request) {
        Optional<Explanation> explanation =
                explained++ < EXPLAINED_MAX ? Optional.of(live.explain(request)) : Optional.empty();
        Decision decision = live.place(request, placed < RULES_TOLD_MAX);
        placed += decision.host().isPresent() ? 1 : 0;
        return new Made(vm, request, decision, explanation);
    }

    /** Whether VMs are ended, or are on their way out, to make room for the VM; it is put off then. */
    private boolean makeRoom(VmEntry vm, PlacementRequest request, Made rejected) {
        if (!preemptions.mayHelp(request)) {
            return false;
        }
        if (preemptions.isFull()) {
            queue.putOff(
                    vm.id(),
                    cluster.nowMillis() + FULL_PUT_OFF_MILLIS,
                    "places are kept for " + Preemptions.KEPT_MAX + " other VMs already, which is the limit");
            return true;
        }
        catchUp();
        Optional<Preemptions.Kept> kept = preemptions.makeRoom(vm, request);
        if (kept.isEmpty()) {
            return false;
        }
        queue.putOff(vm.id(), kept.get().untilMillis(), kept.get().why());
        reasons.nominated(
                vm,
                message(rejected).clearSmallestFix().setWhy(kept.get().why()).build());
        return true;
    }

    /** Places VMs that have waited for those that were in their places. */
    private void placeNominees() {
        for (VmEntry vm : preemptions.due()) {
            Optional<Nomination> nomination = isHeldByOrphan(vm) ? Optional.empty() : preemptions.letGo(vm.id());
            if (nomination.isEmpty()) {
                continue;
            }
            Made decided =
                    make(vm, pending.request(vm).preferring(nomination.get().hostId()));
            if (decided.decision().host().isEmpty()) {
                preemptions.keepOn(nomination.get());
                continue;
            }
            made.add(decided);
            preemptions.giveUp(vm.id());
            queue.remove(vm.id());
            queue.joined(decided.request().job(), decided.decision().host().get());
            catchUp();
        }
    }

    /** Brings records and inventory together. */
    private void catchUp() {
        if (!made.isEmpty()) {
            commit();
            live.refresh();
        }
    }

    /** Verifies and commits what was decided since the last refresh. */
    private void commit() {
        List<Made> plan = new ArrayList<>();
        List<Decision> decisions =
                live.withBackups(made.stream().map(Made::decision).toList());
        for (int i = 0; i < decisions.size(); i++) {
            plan.add(made.get(i).with(decisions.get(i)));
        }
        made.clear();
        List<PlacementRequest> requests = plan.stream().map(Made::request).toList();
        List<String> violations = plan.isEmpty()
                ? List.of()
                : PlanChecker.check(live.snapshotFor(requests), requests, policy, new Plan(decisions));
        if (!violations.isEmpty()) {
            dropped(violations);
            plan.stream()
                    .filter(each -> each.decision().host().isPresent())
                    .forEach(each -> pending.back(each.vm(), cluster.nowMillis() + PUT_OFF_MILLIS));
            return;
        }
        for (Made each : plan) {
            Optional<HostEntry> host = each.decision().host().flatMap(cluster::host);
            if (host.isPresent()) {
                Unit unit = new Unit();
                placed(each.vm(), host.get(), each.decision(), message(each).build(), unit);
                pipeline.accept(unit);
                metrics.placed();
            } else {
                reasons.rejected(each.vm(), message(each).build());
                metrics.rejected();
            }
        }
    }

    private io.kelpie.proto.v1.Decision.Builder message(Made each) {
        io.kelpie.proto.v1.Decision.Builder message = decision(each.vm(), each.decision());
        each.explanation().ifPresent(explanation -> DecisionMessages.explain(explanation, message));
        return message;
    }

    /** What a VM asks for now. */
    PlacementRequest request(VmEntry vm) {
        return pending.request(vm);
    }

    /** What plans that are made elsewhere start from. */
    PlanBasis basis() {
        live.refresh();
        return new PlanBasis(live.snapshot(), policy, seed, live.sharedPools());
    }

    /** What is known of a VM beside its record. */
    Outlook outlook(VmEntry vm) {
        return Outlook.of(vm, cluster, live, queue);
    }

    /**
     * Decides where VMs would go if their present instances were gone; each sees what the earlier ones take. Nothing is
     * changed.
     *
     * @return a decision for each, verified; empty if they break a rule, which is a defect
     */
    List<Decision> elsewhere(List<PlacementRequest> requests) {
        live.refresh();
        Set<UUID> vms = requests.stream().map(PlacementRequest::vmId).collect(Collectors.toUnmodifiableSet());
        Plan plan = live.without(vms, () -> Scheduler.plan(live.inventory(), requests));
        List<String> violations = PlanChecker.check(live.snapshotWithout(vms, requests), requests, policy, plan);
        if (violations.isEmpty()) {
            return plan.decisions();
        }
        dropped(violations);
        return List.of();
    }

    private void dropped(List<String> violations) {
        log.error("a plan was dropped because it breaks rules: {}", violations);
        cluster.events().add("cluster", "PlanDropped", "a defect in placement: " + violations.get(0));
    }

    private void placed(VmEntry vm, HostEntry host, Decision decision, io.kelpie.proto.v1.Decision message, Unit unit) {
        JobEntry job = cluster.jobOf(vm);
        Leasing leasing = leasing(job.record().getSpec(), host);
        steps.apply(
                vm,
                VmEvent.PLACEMENT_COMMITTED,
                record -> record.setHostId(host.id())
                        .setLeased(leasing.leased())
                        .setNotLeasedReason(leasing.notLeasedReason())
                        .setStorageHostId(host.id())
                        .setBackupHostId(decision.backupHost().orElse(""))
                        .setReservation(Records.reservation(
                                Reservation.of(job.job().shape()).on(InstanceViews.ids(host, decision.numaNodes()))))
                        .setNotBeforeMillis(0)
                        .setSpecVersion(job.record().getVersion())
                        .setRestartSerial(job.record().getRestartSerial())
                        .setDecision(message),
                "Placed",
                "instance " + vm.record().getIncarnation() + " goes to " + host.name() + " (score " + decision.score()
                        + " of 100, " + decision.hostsConsidered() + " hosts considered)",
                unit);
    }

    /** Fixed here for the whole life of the instance: a change of the spec or of the cluster counts for the next one. */
    private Leasing leasing(JobSpec spec, HostEntry host) {
        Optional<String> localDisk = Records.keptDiskPools(spec.getVm()).entrySet().stream()
                .filter(disk -> !host.isShared(disk.getValue()))
                .map(disk -> "disk " + disk.getKey() + " on pool " + disk.getValue())
                .findFirst();
        Set<DriverKind> able = host.leasingDrivers();
        Optional<DriverKind> named = Records.driver(spec.getVm().getDriver());
        boolean can = named.map(able::contains).orElse(!able.isEmpty());
        Optional<String> cannot = can
                ? Optional.empty()
                : Optional.of(named.map(driver -> "driver " + driver.name().toLowerCase(Locale.ROOT) + " of host "
                                + host.name() + " cannot run leased VMs")
                        .orElse("no driver of host " + host.name() + " can run leased VMs"));
        return Leasing.decide(Records.onHostFailure(spec), localDisk, cluster.controllersThatMayLead(), cannot);
    }

    private io.kelpie.proto.v1.Decision.Builder decision(VmEntry vm, Decision decision) {
        return DecisionMessages.of(
                decision,
                id -> cluster.host(id).map(HostEntry::name).orElse(""),
                cluster.nowMillis(),
                vm.record().getIncarnation());
    }
}
