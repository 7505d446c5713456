package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.ControllerSetChange;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.view.Protos;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveControllerResponse;
import io.kelpie.proto.v1.StopRebalanceResponse;
import io.kelpie.proto.v1.ThawClusterResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Operators' changes of the cluster as a whole. The requests must have passed validation. */
public final class ClusterOperations {
    private ClusterOperations() {}

    /** Adds a controller, or changes the address of one. */
    public static Operation addController(AddControllerRequest request) {
        return (context, unit) -> {
            ControllerRound controllers = context.controllers();
            ControllerSetChange change = controllers.add(request.getControllerId(), request.getAddress(), unit);
            refuse(change);
            ControllerSet set = controllers.set();
            return AddControllerResponse.newBuilder()
                    .setControllerSet(ControllerSetRecords.message(set))
                    .setChanged(change instanceof ControllerSetChange.Next)
                    .addAllAwaited(set.missing(controllers.acknowledged()))
                    .build();
        };
    }

    /** Removes a controller. */
    public static Operation removeController(RemoveControllerRequest request) {
        return (context, unit) -> {
            ControllerRound controllers = context.controllers();
            refuse(controllers.remove(request.getControllerId(), request.getConfirmedDead(), unit));
            return RemoveControllerResponse.newBuilder()
                    .setControllerSet(ControllerSetRecords.message(controllers.set()))
                    .build();
        };
    }

    private static void refuse(ControllerSetChange change) {
        if (change instanceof ControllerSetChange.Refused refused) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE, refused.why(), refused.fix(), Map.of("state", "UNCHANGED"));
        }
    }

    /** Lets all leases last until the thaw. */
    public static Operation freeze(FreezeClusterRequest request) {
        return (context, unit) -> {
            long until = context.cluster().nowMillis() + TimeUnit.SECONDS.toMillis(request.getDurationSeconds());
            context.freezes().freeze(until, unit);
            return FreezeClusterResponse.newBuilder()
                    .setUntilMillis(until)
                    .addAllHostsAwaited(context.freezes().awaited())
                    .build();
        };
    }

    /** Ends a freeze. */
    public static Operation thaw() {
        return (context, unit) -> {
            context.freezes().thaw("an operator asked for it", unit);
            List<String> awaited = context.freezes().awaited();
            return ThawClusterResponse.newBuilder().addAllHostsAwaited(awaited).build();
        };
    }

    /**
     * Takes what a plan of a rebalance starts from. Empty: the request was done before.
     *
     * @throws KelpieException if there is one under way
     */
    public static Preparation<Optional<PlanBasis>> planRebalance(UUID requestId) {
        return context -> {
            if (context.cluster().requests().find(requestId).isPresent()) {
                return Optional.empty();
            }
            context.moves().requireFree(MoveRound.REBALANCE);
            return Optional.of(context.placement().basis());
        };
    }

    /**
     * Begins to rebalance.
     *
     * @param steps the moves, by wave
     * @param answer what the operator is told
     */
    public static Operation rebalance(List<MoveStep> steps, RebalanceResponse answer, int atOnce) {
        return (context, unit) -> {
            context.moves().requireFree(MoveRound.REBALANCE);
            if (!steps.isEmpty()) {
                unit.then(() -> context.moves().rebalance(steps, atOnce));
            }
            return answer;
        };
    }

    /** Ends a rebalance. */
    public static Operation stopRebalance() {
        return (context, unit) -> {
            StopRebalanceResponse.Builder response = StopRebalanceResponse.newBuilder();
            context.moves().stop(MoveRound.REBALANCE).ifPresent(moves -> response.setMoves(Protos.moves(moves)));
            return response.build();
        };
    }
}
