package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.view.Protos;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.ErrorReason;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Operators' changes of hosts. The requests must have passed validation. */
public final class HostOperations {
    private HostOperations() {}

    /** Keeps new VMs away from a host, or lets them come again. */
    public static Operation cordon(CordonHostRequest request) {
        return (context, unit) -> {
            ClusterEditor cluster = context.cluster();
            HostEntry host = find(context, request.getHost());
            boolean changed = host.record().getCordoned() != request.getCordoned();
            if (changed) {
                cluster.putHost(
                        host,
                        host.record().toBuilder()
                                .setCordoned(request.getCordoned())
                                .build(),
                        unit);
                String type = request.getCordoned() ? "Cordoned" : "Uncordoned";
                unit.then(() -> cluster.events().add(host.subject(), type, "an operator asked for it"));
            }
            return CordonHostResponse.newBuilder()
                    .setHost(Protos.host(host.info()))
                    .setChanged(changed)
                    .build();
        };
    }

    /**
     * Takes what a plan of a drain starts from. Empty: the request was done before.
     *
     * @throws KelpieException if the host is being drained
     */
    public static Preparation<Optional<DrainBasis>> planDrain(DrainHostRequest request, UUID requestId) {
        return context -> {
            if (context.cluster().requests().find(requestId).isPresent()) {
                return Optional.empty();
            }
            HostEntry host = find(context, request.getHost());
            context.moves().requireFree(MoveRound.drainOf(host));
            return Optional.of(basis(context, host));
        };
    }

    /** The same for a plan alone. */
    public static Preparation<DrainBasis> previewDrain(String nameOrId) {
        return context -> basis(context, find(context, nameOrId));
    }

    private static DrainBasis basis(OperationContext context, HostEntry host) {
        return new DrainBasis(context.placement().basis(), host.id(), Protos.host(host.info()));
    }

    /**
     * Cordons a host and begins to move its VMs away.
     *
     * @param steps of the VMs that go, by wave
     * @param told all VMs, for the answer
     */
    public static Operation drain(DrainBasis basis, List<MoveStep> steps, List<DrainedVm> told, int atOnce) {
        return (context, unit) -> {
            ClusterEditor cluster = context.cluster();
            HostEntry host = find(context, basis.hostId());
            context.moves().requireFree(MoveRound.drainOf(host));
            if (!host.record().getCordoned()) {
                cluster.putHost(
                        host, host.record().toBuilder().setCordoned(true).build(), unit);
                unit.then(() -> cluster.events().add(host.subject(), "Cordoned", "an operator asked for a drain"));
            }
            unit.then(() -> context.moves().drain(host, steps, atOnce));
            return DrainHostResponse.newBuilder()
                    .setHost(Protos.host(host.info()))
                    .addAllVms(told)
                    .setMoves(steps.size())
                    .build();
        };
    }

    private static HostEntry find(OperationContext context, String nameOrId) {
        return context.cluster().hostByName(nameOrId).orElseThrow(() -> notFound(nameOrId));
    }

    /** No host has the name or id. */
    public static KelpieException notFound(String host) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_HOST_NOT_FOUND,
                "host " + QuotedText.of(host) + " does not exist",
                "see what there is with: kelpie get hosts",
                Map.of("host", host));
    }
}
