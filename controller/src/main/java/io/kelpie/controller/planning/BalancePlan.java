package io.kelpie.controller.planning;

import io.kelpie.controller.control.MoveStep;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.scheduling.rebalance.Goal;
import io.kelpie.controller.scheduling.rebalance.LeftOut;
import io.kelpie.controller.scheduling.rebalance.Limits;
import io.kelpie.controller.scheduling.rebalance.Measure;
import io.kelpie.controller.scheduling.rebalance.RebalanceChecker;
import io.kelpie.controller.scheduling.rebalance.RebalancePlan;
import io.kelpie.controller.scheduling.rebalance.Rebalancer;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmName;
import io.kelpie.proto.v1.Balance;
import io.kelpie.proto.v1.Move;
import io.kelpie.proto.v1.RebalanceResponse;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Moves that bring the cluster nearer to a goal.
 *
 * @param answer what operators are told
 * @param steps the same moves for the control thread
 */
public record BalancePlan(RebalanceResponse answer, List<MoveStep> steps) {
    /** What was left alone is told up to here. */
    static final int LEFT_OUT_MAX = 200;

    public BalancePlan {
        steps = List.copyOf(steps);
    }

    /**
     * Plans moves.
     *
     * @param movesMax most moves, at least 1
     * @param atOnce most VMs that are on their way at once, at least 1
     */
    public static BalancePlan of(
            PlanBasis basis, ReadModel model, Goal goal, int movesMax, int atOnce, long nowMillis) {
        Limits limits = new Limits(movesMax, atOnce, Limits.DEFAULT.leastGain(), Limits.DEFAULT.workMax());
        ModelMoveRules moveRules = new ModelMoveRules(model, basis.sharedPools(), nowMillis);
        RebalancePlan plan = Rebalancer.plan(basis.snapshot(), basis.policy(), basis.seed(), goal, limits, moveRules);
        List<String> violations = RebalanceChecker.check(basis.snapshot(), basis.policy(), moveRules, plan);
        if (!violations.isEmpty()) {
            throw new IllegalStateException("a rebalance would break rules: " + violations);
        }
        HostNames names = new HostNames(basis.snapshot());
        RebalanceResponse.Builder answer = RebalanceResponse.newBuilder()
                .setBefore(balance(plan.before()))
                .setAfter(balance(plan.after()))
                .setComplete(plan.complete());
        plan.emptied().stream().map(names::of).sorted().forEach(answer::addEmptiedHosts);
        plan.moves()
                .forEach(move -> answer.addMoves(Move.newBuilder()
                        .setNamespace(move.job().namespace())
                        .setName(new VmName(move.job(), move.ordinal()).name())
                        .setFromHost(names.of(move.from()))
                        .setToHost(names.of(move.to()))
                        .setWave(move.wave())
                        .setGainBasisPoints(move.gain())
                        .setCostBasisPoints(move.cost())
                        .setGain(move.words())));
        leftOut(plan.leftOut(), basis, names, answer);
        return new BalancePlan(
                answer.build(),
                plan.moves().stream()
                        .map(move -> new MoveStep(move.vmId(), move.from(), Optional.of(move.to()), move.wave()))
                        .toList());
    }

    private static Balance balance(Measure measure) {
        return Balance.newBuilder()
                .setHosts(measure.hosts())
                .setCarrying(measure.carrying())
                .setLeastBasisPoints(measure.least())
                .setMostBasisPoints(measure.most())
                .setDeviationBasisPoints(measure.deviation())
                .build();
    }

    private static void leftOut(
            List<LeftOut> leftOut, PlanBasis basis, HostNames names, RebalanceResponse.Builder answer) {
        List<LeftOut> told = leftOut.size() > LEFT_OUT_MAX ? leftOut.subList(0, LEFT_OUT_MAX) : leftOut;
        VmNames vms = VmNames.of(
                basis.snapshot(),
                told.stream().flatMap(each -> each.vmId().stream()).collect(Collectors.toSet()));
        for (LeftOut each : told) {
            io.kelpie.proto.v1.LeftOut.Builder message = io.kelpie.proto.v1.LeftOut.newBuilder()
                    .setHost(names.of(each.hostId()))
                    .setReason(each.reason());
            each.vmId()
                    .flatMap(vms::of)
                    .ifPresent(vm -> message.setNamespace(vm.getNamespace()).setName(vm.getName()));
            answer.addLeftOut(message);
        }
    }
}
