package io.kelpie.controller.api;

import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Names;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.control.ClusterOperations;
import io.kelpie.controller.model.Controller;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveControllerResponse;
import io.kelpie.proto.v1.ThawClusterRequest;
import io.kelpie.proto.v1.ThawClusterResponse;

/** Operators' changes of the controller set, and freezes: checked here, done by the control thread. */
final class ClusterChanges {
    private static final int MIN_FREEZE_SECONDS = 60;
    private static final int MAX_FREEZE_SECONDS = 86_400;

    private final Calls calls;

    ClusterChanges(Calls calls) {
        this.calls = calls;
    }

    void addController(AddControllerRequest request, StreamObserver<AddControllerResponse> responses) {
        calls.change(responses, request.getRequestId(), request, AddControllerResponse.parser(), () -> {
            requireId(request.getControllerId());
            if (!Controller.isAddress(request.getAddress())) {
                throw KelpieException.invalidField(
                        "address",
                        QuotedText.of(request.getAddress()) + " is no address",
                        "give host:port, e.g. 10.0.0.1:7400");
            }
            return ClusterOperations.addController(request);
        });
    }

    void removeController(RemoveControllerRequest request, StreamObserver<RemoveControllerResponse> responses) {
        calls.change(responses, request.getRequestId(), request, RemoveControllerResponse.parser(), () -> {
            requireId(request.getControllerId());
            return ClusterOperations.removeController(request);
        });
    }

    private static void requireId(String controllerId) {
        if (!Names.isValid(controllerId)) {
            throw KelpieException.invalidField(
                    "controller_id", QuotedText.of(controllerId) + " is no name", "give " + Names.RULE);
        }
    }

    void freeze(FreezeClusterRequest request, StreamObserver<FreezeClusterResponse> responses) {
        calls.change(responses, request.getRequestId(), request, FreezeClusterResponse.parser(), () -> {
            // As the wire has it: what is above the highest int comes as a negative number.
            if (request.getDurationSeconds() < MIN_FREEZE_SECONDS
                    || request.getDurationSeconds() > MAX_FREEZE_SECONDS) {
                throw KelpieException.invalidField(
                        "duration_seconds",
                        Integer.toUnsignedString(request.getDurationSeconds()) + " s is out of range",
                        "give " + MIN_FREEZE_SECONDS + " to " + MAX_FREEZE_SECONDS + " seconds");
            }
            return ClusterOperations.freeze(request);
        });
    }

    void thaw(ThawClusterRequest request, StreamObserver<ThawClusterResponse> responses) {
        calls.change(responses, request.getRequestId(), request, ThawClusterResponse.parser(), ClusterOperations::thaw);
    }
}
