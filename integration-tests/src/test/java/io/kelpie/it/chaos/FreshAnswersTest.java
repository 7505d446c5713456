package io.kelpie.it.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.stub.StreamObserver;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListHostsResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A view from before the fault must not pass for convergence after it. */
class FreshAnswersTest {
    private volatile boolean stale;
    private Server server;
    private OperatorClient operator;

    @BeforeEach
    void start() throws Exception {
        server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(new HostServiceGrpc.HostServiceImplBase() {
                    @Override
                    public void listHosts(ListHostsRequest request, StreamObserver<ListHostsResponse> responses) {
                        responses.onNext(ListHostsResponse.getDefaultInstance());
                        responses.onCompleted();
                    }
                })
                .intercept(new Marking())
                .build()
                .start();
        operator = new OperatorClient(List.of("127.0.0.1:" + server.getPort()));
    }

    @AfterEach
    void stop() throws Exception {
        operator.close();
        server.shutdownNow().awaitTermination();
    }

    @Test
    void theLeadersPresentViewIsAnAnswer() throws Exception {
        assertThat(operator.hosts(Duration.ZERO)).isEmpty();
    }

    @Test
    void aStaleOneIsNone() {
        stale = true;

        assertThatThrownBy(() -> operator.hosts(Duration.ZERO))
                .isInstanceOf(OperatorClient.NoAnswerException.class)
                .hasMessageContaining("stale");
    }

    private final class Marking implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            return next.startCall(
                    new SimpleForwardingServerCall<>(call) {
                        @Override
                        public void sendHeaders(Metadata answered) {
                            if (stale) {
                                answered.put(FreshAnswers.STALE_SINCE, "1");
                            }
                            super.sendHeaders(answered);
                        }
                    },
                    headers);
        }
    }
}
