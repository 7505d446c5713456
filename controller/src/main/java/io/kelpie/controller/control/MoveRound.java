package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.whatif.MoveRules.Budget;
import io.kelpie.controller.view.MovesView;
import io.kelpie.proto.v1.ErrorReason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Moves VMs to other hosts by stopping them and starting them there, for drains and rebalances: wave by wave, the next
 * when all VMs of the last run again, and never more of a job than it allows. Each move is decided on anew, and
 * verified, just before its VM is stopped; one that would not pass any more is left out.
 *
 * <p>It is kept in this leader's memory alone: with the term it ends, VMs that are on their way are started like all
 * others, and the rest stay where they are. Belongs to the control thread.
 */
final class MoveRound {
    /** A VM that finds no place, or a job that leaves no room for a move, for so long ends the moves. */
    static final long PATIENCE_MILLIS = TimeUnit.MINUTES.toMillis(5);

    /** What a rebalance is called. */
    static final String REBALANCE = "rebalance";

    /** Sets of moves at once. */
    private static final int MAX_MOVES = 16;

    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final PlacementRound placement;
    private final RecoveryWatch recovery;
    private final MovesView view;
    private final Consumer<Unit> pipeline;
    private final Map<String, Moves> present = new LinkedHashMap<>();

    MoveRound(
            ClusterEditor cluster,
            VmSteps steps,
            PlacementRound placement,
            RecoveryWatch recovery,
            MovesView view,
            Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.steps = steps;
        this.placement = placement;
        this.recovery = recovery;
        this.view = view;
        this.pipeline = pipeline;
    }

    /** Refuses moves of which there are some already, or too many others. */
    void requireFree(String what) {
        Moves same = present.get(what);
        if (same != null) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE,
                    what + " is under way: " + same.summary(),
                    "wait until it has ended: kelpie cluster status shows how far it is",
                    Map.of("state", "MOVING"));
        }
        if (present.size() >= MAX_MOVES) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_OVERLOADED,
                    present.size() + " drains and rebalances are under way, which is the limit",
                    "wait until one has ended: kelpie cluster status shows them");
        }
    }

    /** What the drain of a host is called. */
    static String drainOf(HostEntry host) {
        return "drain " + host.subject();
    }

    /** Begins to empty a host, which is cordoned. */
    void drain(HostEntry host, List<MoveStep> wanted, int atOnce) {
        begin(new Moves(drainOf(host), host.subject(), host.id(), sorted(wanted), atOnce, cluster.nowNanos()));
    }

    /** Begins to rebalance. */
    void rebalance(List<MoveStep> wanted, int atOnce) {
        begin(new Moves(REBALANCE, "cluster", "", sorted(wanted), atOnce, cluster.nowNanos()));
    }

    private static List<MoveStep> sorted(List<MoveStep> wanted) {
        return wanted.stream().sorted(Comparator.comparingInt(MoveStep::wave)).toList();
    }

    /** Lets no more begin; they end at the next look at them. Returns how far they are; empty if there are none. */
    Optional<MovesView.Progress> stop(String what) {
        Moves moves = present.get(what);
        if (moves == null) {
            return Optional.empty();
        }
        moves.stopped = true;
        return Optional.of(moves.progress());
    }

    private void begin(Moves moves) {
        if (present.putIfAbsent(moves.what(), moves) != null) {
            return; // the same was asked for twice before either was durable
        }
        int total = moves.progress().total();
        cluster.events()
                .add(
                        moves.subject(),
                        moves.isDrain() ? "Draining" : "Rebalancing",
                        total + (total == 1 ? " VM is" : " VMs are") + " moved");
        show();
    }

    /** Looks how far the moves are, and begins those that may begin. */
    void advance() {
        if (recovery.isOn()) {
            present.values().forEach(moves -> moves.progressNanos = cluster.nowNanos());
            return; // nothing is stopped by records that may be old
        }
        if (present.isEmpty()) {
            return;
        }
        for (Moves moves : List.copyOf(present.values())) {
            Optional<String> stopped = follow(moves);
            if (stopped.isEmpty() && !moves.isOver()) {
                beginNext(moves);
            }
            if (stopped.isPresent() || moves.isOver()) {
                end(moves, stopped);
            }
        }
        show();
    }

    private void show() {
        view.show(present.values().stream().map(Moves::progress).toList());
    }

    private void end(Moves moves, Optional<String> stopped) {
        present.remove(moves.what());
        cluster.events()
                .add(
                        moves.subject(),
                        moves.isDrain() ? "DrainEnded" : "RebalanceEnded",
                        moves.summary()
                                + stopped.map(why -> ". It was stopped: " + why).orElse("")
                                + rest(moves));
    }

    /** What is still on a host that was to be emptied. */
    private String rest(Moves moves) {
        int there = cluster.host(moves.drainedHostId())
                .map(host -> host.placed().size())
                .orElse(0);
        return moves.isDrain() && there > 0
                ? ". " + there + (there == 1 ? " VM is" : " VMs are") + " still there"
                : moves.isDrain() ? ". No VM is there any more" : "";
    }

    /** Looks at the VMs that are on their way. Returns why no more may begin, if so. */
    private Optional<String> follow(Moves moves) {
        for (MoveStep step : moves.underWay()) {
            Optional<VmEntry> found = cluster.vm(step.vmId());
            if (found.isEmpty()) {
                moves.left(step, step.vmId().toString(), "was deleted meanwhile", cluster.nowNanos());
                continue;
            }
            VmEntry vm = found.get();
            String name = vm.name().toString();
            switch (vm.state()) {
                case RUNNING -> {
                    if (vm.record().getHostId().equals(step.from())) {
                        moves.left(step, name, "found no other place and is back", cluster.nowNanos());
                    } else {
                        moves.done(step, cluster.nowNanos());
                    }
                }
                case STOPPING, STOPPED, FAILED, DELETING, DELETED ->
                    moves.left(step, name, "is " + vm.state() + " meanwhile", cluster.nowNanos());
                case PENDING -> {
                    if (cluster.nowMillis() - vm.record().getStateSinceMillis() > PATIENCE_MILLIS) {
                        return Optional.of(name + " finds no place: kelpie explain vm "
                                + vm.name().name());
                    }
                }
                case PLACED, STARTING, MIGRATING, EVICTING -> {}
            }
        }
        if (moves.stopped) {
            return Optional.of("an operator asked for it");
        }
        if (moves.isDrain()) {
            Optional<HostEntry> host = cluster.host(moves.drainedHostId());
            if (host.isEmpty() || !host.get().record().getCordoned()) {
                return Optional.of("the host was " + (host.isEmpty() ? "removed" : "uncordoned"));
            }
        }
        boolean stuck = moves.underWay().isEmpty()
                && cluster.nowNanos() - moves.progressNanos > TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        return stuck
                ? Optional.of(
                        "no VM could be stopped for a while, as its host is not heard, or too many of its job do not run")
                : Optional.empty();
    }

    private void beginNext(Moves moves) {
        List<MoveStep> candidates = candidates(moves);
        if (candidates.isEmpty()) {
            return;
        }
        // Those on their way take their places first.
        List<PlacementRequest> requests = new ArrayList<>();
        for (MoveStep step : moves.underWay()) {
            cluster.vm(step.vmId()).ifPresent(vm -> {
                if (vm.state() == VmState.EVICTING || vm.state() == VmState.PENDING) {
                    requests.add(request(moves, vm, Optional.empty(), step.from()));
                }
            });
        }
        int before = requests.size();
        List<VmEntry> vms = new ArrayList<>();
        for (MoveStep step : candidates) {
            VmEntry vm = cluster.vm(step.vmId()).orElseThrow();
            vms.add(vm);
            requests.add(request(moves, vm, step.to(), step.from()));
        }
        List<Decision> decisions = placement.elsewhere(requests);
        if (decisions.isEmpty()) {
            return;
        }
        for (int i = 0; i < candidates.size(); i++) {
            decided(moves, candidates.get(i), vms.get(i), decisions.get(before + i));
        }
    }

    /** A host that is emptied may use the room that is kept for its loss; a better balance is not worth it. */
    private PlacementRequest request(Moves moves, VmEntry vm, Optional<String> to, String from) {
        PlacementRequest any = placement.request(vm);
        PlacementRequest asked =
                PlacementRequests.avoiding(moves.isDrain() ? any.comingBack() : any.sparingKeptRoom(), from);
        return to.map(asked::preferring).orElse(asked);
    }

    /** The steps that may begin now: their VMs are where they should be, and their jobs allow it. */
    private List<MoveStep> candidates(Moves moves) {
        List<MoveStep> candidates = new ArrayList<>();
        Map<JobKey, Integer> budgets = new HashMap<>();
        for (MoveStep step : moves.next()) {
            if (candidates.size() >= moves.room()) {
                break;
            }
            VmEntry vm = cluster.vm(step.vmId()).orElse(null);
            if (vm == null) {
                moves.left(step, step.vmId().toString(), "was deleted meanwhile", cluster.nowNanos());
                continue;
            }
            JobEntry job = cluster.jobOf(vm);
            Optional<String> forbidden = vm.record().getHostId().equals(step.from())
                    ? Movability.forbidden(job.record(), vm.record())
                    : Optional.of("is on another host meanwhile");
            if (forbidden.isPresent()) {
                moves.left(step, vm.name().toString(), forbidden.get(), cluster.nowNanos());
                continue;
            }
            if (!isReady(step.from())) {
                continue; // it could not be told to stop, and would be stopped whenever the host is back
            }
            int allowed = budgets.computeIfAbsent(job.key(), key -> budget(job).left());
            if (allowed > 0) {
                budgets.put(job.key(), allowed - 1);
                candidates.add(step);
            }
        }
        return candidates;
    }

    private boolean isReady(String hostId) {
        return cluster.host(hostId).filter(host -> host.ready).isPresent();
    }

    private static Budget budget(JobEntry job) {
        return Movability.budget(
                job.record(), job.vms.values().stream().map(VmEntry::record).toList());
    }

    private void decided(Moves moves, MoveStep step, VmEntry vm, Decision decision) {
        Optional<HostEntry> host = decision.host().flatMap(cluster::host);
        if (host.isEmpty()) {
            moves.left(step, vm.name().toString(), "is taken by no other host: " + rules(decision), cluster.nowNanos());
            return;
        }
        if (step.to().isPresent() && !step.to().get().equals(host.get().id())) {
            String wanted = cluster.host(step.to().get()).map(HostEntry::name).orElse("its host");
            moves.left(step, vm.name().toString(), "is not taken by " + wanted + " any more", cluster.nowNanos());
            return;
        }
        String from = cluster.host(step.from()).map(HostEntry::name).orElse(step.from());
        Unit unit = new Unit();
        steps.apply(
                vm,
                VmEvent.EVICT_REQUESTED,
                record -> record.setPreferredHostId(host.get().id())
                        .setNotBeforeMillis(0)
                        .clearFailedAtMillis(),
                "Moving",
                "it is stopped on " + from + " to be started on " + host.get().name() + ": " + moves.what(),
                unit);
        pipeline.accept(unit);
        moves.began(step, cluster.nowNanos());
    }

    private static String rules(Decision decision) {
        return decision.rules().stream().map(RuleOutcome::rule).collect(Collectors.joining(", "));
    }
}
