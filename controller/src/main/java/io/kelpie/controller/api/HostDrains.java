package io.kelpie.controller.api;

import static java.util.Objects.requireNonNull;

import io.grpc.stub.StreamObserver;
import io.kelpie.controller.control.DrainBasis;
import io.kelpie.controller.control.HostOperations;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.control.Preparation;
import io.kelpie.controller.planning.DrainPlan;
import io.kelpie.controller.scheduling.rebalance.Limits;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.PreviewDrainResponse;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/** Drains of hosts, and what they would do. */
final class HostDrains {
    private static final int MAX_AT_ONCE = 100;

    private final Calls calls;

    HostDrains(Calls calls) {
        this.calls = calls;
    }

    /** How many VMs may be on their way at once, or the default. */
    static int atOnce(int asked) {
        if (asked == 0) {
            return Limits.DEFAULT.atOnce();
        }
        JobSpecValidator.range("at_once", Integer.toUnsignedLong(asked), 1, MAX_AT_ONCE, "");
        return asked;
    }

    void preview(PreviewDrainRequest request, StreamObserver<PreviewDrainResponse> responses) {
        calls.plan(
                responses,
                () -> {
                    atOnce(request.getAtOnce());
                    return HostOperations.previewDrain(request.getHost());
                },
                (basis, view) -> {
                    DrainPlan plan = plan(basis, view, request.getAtOnce());
                    return PreviewDrainResponse.newBuilder()
                            .setHost(basis.host())
                            .addAllVms(plan.vms())
                            .setWaves(plan.waves())
                            .build();
                });
    }

    private DrainPlan plan(DrainBasis basis, LeaderView view, int atOnce) {
        return DrainPlan.of(basis.plan(), view.model(), basis.hostId(), atOnce(atOnce), calls.nowMillis());
    }

    /** A drain with its plan, once that is made. */
    private record Drain(DrainBasis basis, AtomicReference<DrainPlan> plan) {}

    void drain(DrainHostRequest request, StreamObserver<DrainHostResponse> responses) {
        calls.change(responses, request.getRequestId(), request, DrainHostResponse.parser(), new Calls.Stages<Drain>() {
            @Override
            public Preparation<Optional<Drain>> first(UUID requestId) {
                atOnce(request.getAtOnce());
                return HostOperations.planDrain(request, requestId)
                        .map(basis -> basis.map(taken -> new Drain(taken, new AtomicReference<>())));
            }

            @Override
            public CompletableFuture<Void> between(Drain drain) {
                LeaderView view = calls.certainView();
                drain.plan().set(calls.planned(() -> plan(drain.basis(), view, request.getAtOnce())));
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public Operation operation(Drain drain) {
                DrainPlan plan = requireNonNull(drain.plan().get());
                return HostOperations.drain(drain.basis(), plan.steps(), told(plan.vms()), atOnce(request.getAtOnce()));
            }
        });
    }

    /** The answer is stored for repetitions: it leaves the rules to the preview. */
    private static List<DrainedVm> told(List<DrainedVm> vms) {
        return vms.stream()
                .map(vm -> {
                    DrainedVm.Builder shorter = vm.toBuilder();
                    if (shorter.hasDecision()) {
                        shorter.getDecisionBuilder().clearRules();
                    }
                    return shorter.build();
                })
                .toList();
    }
}
