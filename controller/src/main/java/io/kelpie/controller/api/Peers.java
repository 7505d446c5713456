package io.kelpie.controller.api;

import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.GetHostContactResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The other controllers, as this one can ask them. Thread-safe. */
public interface Peers {
    /**
     * Asks a controller when it has heard a host last. Does not block.
     *
     * @return fails with an {@link io.grpc.StatusRuntimeException} if it does not answer in time
     */
    CompletableFuture<GetHostContactResponse> hostContact(ControllerMember member, String hostId, Duration deadline);
}
