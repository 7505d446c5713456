package io.kelpie.controller.server;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.kelpie.controller.api.Peers;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.GetHostContactRequest;
import io.kelpie.proto.v1.GetHostContactResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Asks another controller for an operator's sake, once, whichever of the two leads: {@link ControllerProbe} is what
 * watches over the others. Questions are rare, so each has a connection of its own.
 */
final class GrpcPeers implements Peers {
    private static final int MAX_MESSAGE_BYTES = 64 * 1024;

    @Override
    public CompletableFuture<GetHostContactResponse> hostContact(
            ControllerMember member, String hostId, Duration deadline) {
        ManagedChannel channel = channel(member.getAddress(), MAX_MESSAGE_BYTES);
        CompletableFuture<GetHostContactResponse> answer = new CompletableFuture<>();
        ClusterServiceGrpc.newStub(channel)
                .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .getHostContact(
                        GetHostContactRequest.newBuilder().setHostId(hostId).build(), new StreamObserver<>() {
                            @Override
                            public void onNext(GetHostContactResponse response) {
                                answer.complete(response);
                            }

                            @Override
                            public void onError(Throwable failure) {
                                answer.completeExceptionally(failure);
                            }

                            @Override
                            public void onCompleted() {
                                answer.completeExceptionally(Status.INTERNAL
                                        .withDescription("an answer without a message")
                                        .asRuntimeException()); // without effect if there was one
                            }
                        });
        return answer.whenComplete((response, failure) -> channel.shutdown());
    }

    /** A connection to another controller; a call on it fails at once if nobody listens. */
    static ManagedChannel channel(String address, int maxMessageBytes) {
        return NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .disableRetry()
                .maxInboundMessageSize(maxMessageBytes)
                .build();
    }
}
