package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.view.Protos;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;

/** Operators' changes of hosts. The requests must have passed validation. */
public final class HostOperations {
    private HostOperations() {}

    /** Keeps new VMs away from a host, or lets them come again. */
    public static Operation cordon(CordonHostRequest request) {
        return (context, unit) -> {
            ClusterEditor cluster = context.cluster();
            HostEntry host = cluster.hostByName(request.getHost()).orElseThrow(() -> notFound(request.getHost()));
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

    /** No host has the name or id. */
    public static KelpieException notFound(String host) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_HOST_NOT_FOUND,
                "host " + QuotedText.of(host) + " does not exist",
                "see what there is with: kelpie get hosts",
                Map.of("host", host));
    }
}
