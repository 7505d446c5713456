package io.kelpie.controller.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.GetHostContactRequest;
import io.kelpie.proto.v1.GetHostContactResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over real TCP. */
class GrpcPeersTest {
    private final GrpcPeers peers = new GrpcPeers();
    private volatile boolean hangs;
    private Server server;

    @BeforeEach
    void start() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new ClusterServiceGrpc.ClusterServiceImplBase() {
                    @Override
                    public void getHostContact(
                            GetHostContactRequest request, StreamObserver<GetHostContactResponse> responses) {
                        if (!hangs) {
                            responses.onNext(GetHostContactResponse.newBuilder()
                                    .setControllerId("c2 on " + request.getHostId())
                                    .setHeard(true)
                                    .setMillisAgo(7)
                                    .build());
                            responses.onCompleted();
                        }
                    }
                })
                .build()
                .start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        server.shutdownNow();
        assertThat(server.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
    }

    private CompletableFuture<GetHostContactResponse> ask(int port, Duration deadline) {
        ControllerMember member = ControllerMember.newBuilder()
                .setControllerId("c2")
                .setAddress("127.0.0.1:" + port)
                .build();
        return peers.hostContact(member, "h-1", deadline);
    }

    private static Status.Code failure(CompletableFuture<?> answer) {
        try {
            answer.join();
        } catch (CompletionException e) {
            return Status.fromThrowable(e).getCode();
        }
        throw new AssertionError("an answer");
    }

    @Test
    void anotherControllerAnswers() {
        GetHostContactResponse answer =
                ask(server.getPort(), Duration.ofSeconds(10)).join();

        assertThat(answer.getControllerId()).isEqualTo("c2 on h-1");
        assertThat(answer.getHeard()).isTrue();
        assertThat(answer.getMillisAgo()).isEqualTo(7);
    }

    @Test
    void oneThatHangsEndsAtTheDeadline() {
        hangs = true;

        assertThat(failure(ask(server.getPort(), Duration.ofMillis(300)))).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    void oneThatDoesNotListenIsUnavailableAtOnce() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }

        assertThat(failure(ask(port, Duration.ofSeconds(30)))).isEqualTo(Status.Code.UNAVAILABLE);
    }
}
