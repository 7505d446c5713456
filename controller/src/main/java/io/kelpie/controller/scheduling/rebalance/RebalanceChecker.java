package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.whatif.MoveRules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Verifies a rebalance before it is carried out, with the {@link PlanChecker}, which shares nothing with the engine. It
 * goes through the waves: the VMs of a wave have ended, but what they held is still held; then each is placed. Pure;
 * safe for use by any thread.
 */
public final class RebalanceChecker {
    private final SchedulingPolicy policy;
    private final MoveRules moveRules;
    private final Map<String, HostView> hosts = new LinkedHashMap<>();
    private final Map<UUID, InstanceView> vms = new LinkedHashMap<>();
    private final List<String> violations = new ArrayList<>();

    private RebalanceChecker(ClusterSnapshot snapshot, SchedulingPolicy policy, MoveRules moveRules) {
        this.policy = policy;
        this.moveRules = moveRules;
        snapshot.hosts().forEach(host -> hosts.put(host.id(), host));
        snapshot.instances().forEach(vm -> vms.put(vm.vmId(), vm));
    }

    /** What is wrong with the moves, a sentence each; empty if they can be carried out. Ends after the first bad wave. */
    public static List<String> check(
            ClusterSnapshot snapshot, SchedulingPolicy policy, MoveRules moveRules, RebalancePlan plan) {
        RebalanceChecker checker = new RebalanceChecker(snapshot, policy.withoutStartsInFlight(), moveRules);
        Map<Integer, List<Move>> waves = new TreeMap<>();
        plan.moves()
                .forEach(move -> waves.computeIfAbsent(move.wave(), any -> new ArrayList<>())
                        .add(move));
        for (List<Move> wave : waves.values()) {
            checker.check(wave);
            if (!checker.violations.isEmpty()) {
                break;
            }
        }
        return List.copyOf(checker.violations);
    }

    private void check(List<Move> wave) {
        wave.forEach(this::checkStart);
        checkBudgets(wave);
        if (!violations.isEmpty()) {
            return;
        }
        List<InstanceView> lifted = new ArrayList<>();
        List<PlacementRequest> requests = new ArrayList<>();
        List<Decision> decisions = new ArrayList<>();
        for (Move move : wave) {
            InstanceView vm = vms.remove(move.vmId());
            if (vm != null) {
                lifted.add(vm);
                requests.add(moveRules.request(vm));
                decisions.add(new Decision(
                        move.vmId(),
                        Optional.of(move.to()),
                        0,
                        move.numaNodes(),
                        hosts.size(),
                        List.of(),
                        Optional.empty()));
            }
        }
        ClusterSnapshot meanwhile = new ClusterSnapshot(List.copyOf(hosts.values()), List.copyOf(vms.values()));
        for (String violation : PlanChecker.checkPlaces(meanwhile, requests, policy, new Plan(decisions))) {
            violations.add("wave " + wave.get(0).wave() + ": " + violation);
        }
        for (int i = 0; violations.isEmpty() && i < wave.size(); i++) {
            finish(wave.get(i), lifted.get(i), requests.get(i));
        }
    }

    private void checkStart(Move move) {
        InstanceView vm = vms.get(move.vmId());
        String subject = "wave " + move.wave() + ": VM " + move.vmId();
        if (vm == null) {
            violations.add(subject + " is not there");
        } else if (!vm.hostId().equals(move.from())) {
            violations.add(subject + " is on " + vm.hostId() + ", not on " + move.from());
        } else {
            moveRules.forbidden(vm).ifPresent(reason -> violations.add(subject + " " + reason));
        }
    }

    private void checkBudgets(List<Move> wave) {
        Map<JobKey, Integer> away = new HashMap<>();
        for (Move move : wave) {
            int count = away.merge(move.job(), 1, Integer::sum);
            MoveRules.Budget budget = moveRules.budget(move.job());
            if (count > budget.left()) {
                violations.add("wave " + move.wave() + ": " + count + " VMs of job " + move.job() + " are away, "
                        + budget.unavailable() + " do not run, and its maxUnavailable is " + budget.maxUnavailable());
            }
        }
    }

    private void finish(Move move, InstanceView vm, PlacementRequest request) {
        InstanceView moved = InstanceView.of(request, move.to(), move.numaNodes(), vm.sinceMillis());
        hosts.computeIfPresent(move.from(), (id, host) -> HeldBooks.without(host, vm.held()));
        hosts.computeIfPresent(move.to(), (id, host) -> HeldBooks.with(host, moved.held()));
        vms.put(move.vmId(), moved);
    }
}
