package io.kelpie.controller.api;

import static java.util.Objects.requireNonNull;

import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.ClusterOperations;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.control.Preparation;
import io.kelpie.controller.planning.BalancePlan;
import io.kelpie.controller.scheduling.rebalance.Goal;
import io.kelpie.controller.scheduling.rebalance.Limits;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.StopRebalanceRequest;
import io.kelpie.proto.v1.StopRebalanceResponse;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/** Rebalances of the cluster, and what they would do. */
final class Rebalances {
    private static final int MAX_MOVES = 1_000;

    private final Calls calls;

    Rebalances(Calls calls) {
        this.calls = calls;
    }

    void rebalance(RebalanceRequest request, StreamObserver<RebalanceResponse> responses) {
        if (request.getDryRun()) {
            calls.plan(
                    responses,
                    () -> {
                        check(request);
                        return PlanBasis.now();
                    },
                    (basis, view) -> plan(basis, view, request).answer());
        } else {
            apply(request, responses);
        }
    }

    void stop(StopRebalanceRequest request, StreamObserver<StopRebalanceResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                StopRebalanceResponse.parser(),
                ClusterOperations::stopRebalance);
    }

    /** A rebalance with its plan, once that is made. */
    private record Rebalance(PlanBasis basis, AtomicReference<BalancePlan> plan) {}

    private void apply(RebalanceRequest request, StreamObserver<RebalanceResponse> responses) {
        calls.change(
                responses, request.getRequestId(), request, RebalanceResponse.parser(), new Calls.Stages<Rebalance>() {
                    @Override
                    public Preparation<Optional<Rebalance>> first(UUID requestId) {
                        check(request);
                        return ClusterOperations.planRebalance(requestId)
                                .map(basis -> basis.map(taken -> new Rebalance(taken, new AtomicReference<>())));
                    }

                    @Override
                    public CompletableFuture<Void> between(Rebalance rebalance) {
                        LeaderView view = calls.certainView();
                        rebalance.plan().set(calls.planned(() -> plan(rebalance.basis(), view, request)));
                        return CompletableFuture.completedFuture(null);
                    }

                    @Override
                    public Operation operation(Rebalance rebalance) {
                        BalancePlan plan = requireNonNull(rebalance.plan().get());
                        return ClusterOperations.rebalance(
                                plan.steps(), plan.answer(), HostDrains.atOnce(request.getAtOnce()));
                    }
                });
    }

    private static void check(RebalanceRequest request) {
        goal(request);
        HostDrains.atOnce(request.getAtOnce());
        movesMax(request);
    }

    private static int movesMax(RebalanceRequest request) {
        if (request.getMaxMoves() == 0) {
            return Limits.DEFAULT.movesMax();
        }
        JobSpecValidator.range("max_moves", Integer.toUnsignedLong(request.getMaxMoves()), 1, MAX_MOVES, "");
        return request.getMaxMoves();
    }

    private static Goal goal(RebalanceRequest request) {
        return switch (request.getGoal()) {
            case REBALANCE_GOAL_EVEN -> Goal.EVEN;
            case REBALANCE_GOAL_EMPTY_HOSTS -> Goal.EMPTY_HOSTS;
            case REBALANCE_GOAL_UNSPECIFIED, UNRECOGNIZED ->
                throw KelpieException.invalidField("goal", "is missing or unknown", "give EVEN or EMPTY_HOSTS");
        };
    }

    private BalancePlan plan(PlanBasis basis, LeaderView view, RebalanceRequest request) {
        return BalancePlan.of(
                basis,
                view.model(),
                goal(request),
                movesMax(request),
                HostDrains.atOnce(request.getAtOnce()),
                calls.nowMillis());
    }
}
