package io.kelpie.agent.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.AgentServiceGrpc;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.UploadLogResponse;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import io.kelpie.proto.v1.Welcome;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GrpcTransportTest {
    private final String address = "controller-" + UUID.randomUUID();
    private final Controller controller = new Controller();
    private final Events events = new Events();
    private final AtomicInteger channels = new AtomicInteger();
    private final GrpcTransport transport = new GrpcTransport(name -> {
        channels.incrementAndGet();
        return InProcessChannelBuilder.forName(name).build();
    });
    private Server server;

    @BeforeEach
    void serve() throws IOException {
        server = InProcessServerBuilder.forName(address)
                .addService(controller)
                .build()
                .start();
    }

    @AfterEach
    void end() {
        transport.close();
        server.shutdownNow();
    }

    private static final class Controller extends AgentServiceGrpc.AgentServiceImplBase {
        final List<ConnectRequest> received = new CopyOnWriteArrayList<>();
        final List<UploadLogRequest> log = new CopyOnWriteArrayList<>();
        volatile boolean leads = true;
        volatile boolean logComplete;
        volatile boolean answers = true;
        final List<ServerCallStreamObserver<WatchLeaderResponse>> watches = new CopyOnWriteArrayList<>();

        @Override
        public void watchLeader(WatchLeaderRequest request, StreamObserver<WatchLeaderResponse> agent) {
            var call = (ServerCallStreamObserver<WatchLeaderResponse>) agent;
            call.setOnCancelHandler(() -> {});
            watches.add(call);
        }

        @Override
        public void confirmNotLeading(
                ConfirmNotLeadingRequest request, StreamObserver<ConfirmNotLeadingResponse> agent) {
            if (answers) {
                agent.onNext(ConfirmNotLeadingResponse.newBuilder()
                        .setControllerId("to " + request.getHostId())
                        .build());
                agent.onCompleted();
            }
        }

        @Override
        public StreamObserver<ConnectRequest> connect(StreamObserver<ConnectResponse> agent) {
            return new StreamObserver<>() {
                @Override
                public void onNext(ConnectRequest message) {
                    received.add(message);
                    if (leads) {
                        agent.onNext(ConnectResponse.newBuilder()
                                .setWelcome(Welcome.getDefaultInstance())
                                .build());
                    } else {
                        agent.onError(GrpcErrors.toStatus(new KelpieException(
                                ErrorReason.ERROR_REASON_NOT_LEADER, "not me", Map.of("leader", "c2:1"))));
                    }
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {}
            };
        }

        @Override
        public StreamObserver<UploadLogRequest> uploadLog(StreamObserver<UploadLogResponse> agent) {
            return new StreamObserver<>() {
                @Override
                public void onNext(UploadLogRequest message) {
                    log.add(message);
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {
                    logComplete = true;
                    agent.onNext(UploadLogResponse.getDefaultInstance());
                    agent.onCompleted();
                }
            };
        }
    }

    private static final class Events implements Transport.Listener, Transport.LogListener {
        final List<ConnectResponse> messages = new CopyOnWriteArrayList<>();
        final List<Transport.Disconnect> ends = new CopyOnWriteArrayList<>();
        volatile boolean ready;
        volatile boolean logEnded;

        @Override
        public void onMessage(ConnectResponse message) {
            messages.add(message);
        }

        @Override
        public void onReady() {
            ready = true;
        }

        @Override
        public void onClosed(Transport.Disconnect why) {
            ends.add(why);
        }

        @Override
        public void onEnded() {
            logEnded = true;
        }
    }

    private Transport.Connection connect() {
        Transport.Connection connection = transport.connect(address, events);
        await().until(connection::isReady);
        connection.send(
                ConnectRequest.newBuilder().setHello(Hello.getDefaultInstance()).build());
        return connection;
    }

    @Test
    void messagesGoBothWays() {
        Transport.Connection connection = connect();
        await().until(() -> !events.messages.isEmpty());
        assertThat(events.ready).isTrue();
        assertThat(controller.received).singleElement().matches(ConnectRequest::hasHello);
        assertThat(events.messages).singleElement().matches(ConnectResponse::hasWelcome);
        connection.close();
        assertThat(events.ends).isEmpty();
    }

    @Test
    void onlySoManyMessagesComeAheadOfThoseWorkedOff() {
        Transport.Connection connection = connect();
        for (int i = 0; i < 99; i++) {
            connection.send(ConnectRequest.getDefaultInstance());
        }
        await().until(() -> controller.received.size() == 100);
        await().during(Duration.ofMillis(200)).until(() -> events.messages.size() == 32);
        for (int i = 0; i < 68; i++) {
            connection.received();
        }
        await().until(() -> events.messages.size() == 100);
        connection.close();
    }

    @Test
    void whoDoesNotLeadNamesTheLeader() {
        controller.leads = false;
        connect();
        await().until(() -> !events.ends.isEmpty());
        assertThat(events.ends).singleElement().satisfies(end -> {
            assertThat(end.kind()).isEqualTo(Transport.Disconnect.Kind.NOT_LEADER);
            assertThat(end.leader()).contains("c2:1");
        });
    }

    @Test
    void aControllerThatIsNotThereIsLost() {
        transport.connect("nobody", events);
        await().until(() -> !events.ends.isEmpty());
        assertThat(events.ends.get(0).kind()).isEqualTo(Transport.Disconnect.Kind.LOST);
    }

    @Test
    void aLogIsUploaded() {
        Transport.Connection connection = connect();
        Transport.LogCall call = connection.uploadLog(events);
        await().until(call::isReady);
        call.send(UploadLogRequest.newBuilder().setLogId("l1").build());
        call.send(UploadLogRequest.newBuilder()
                .setData(ByteString.copyFromUtf8("hello"))
                .build());
        call.complete();
        await().until(() -> events.logEnded);
        assertThat(controller.log).hasSize(2);
        assertThat(controller.logComplete).isTrue();
        connection.close();
    }

    private static final class Answers implements Transport.ConfirmListener {
        final List<String> ids = new CopyOnWriteArrayList<>();
        final List<String> failures = new CopyOnWriteArrayList<>();

        @Override
        public void answered(ConfirmNotLeadingResponse answer) {
            ids.add(answer.getControllerId());
        }

        @Override
        public void failed(String why) {
            failures.add(why);
        }
    }

    private static final class Heard implements Transport.WatchListener {
        final List<Long> epochs = new CopyOnWriteArrayList<>();
        final List<String> ends = new CopyOnWriteArrayList<>();

        @Override
        public void leads(WatchLeaderResponse message) {
            epochs.add(message.getEpoch());
        }

        @Override
        public void ended(String why) {
            ends.add(why);
        }
    }

    private Transport.Watch watch(String controllerAddress, Heard heard) {
        return transport.watchLeader(
                controllerAddress,
                WatchLeaderRequest.newBuilder().setHostId("h1").build(),
                heard);
    }

    @Test
    void aControllerSaysWhenItLeadsAsLongAsItIsWatched() {
        Heard heard = new Heard();
        Transport.Watch watch = watch(address, heard);
        await().until(() -> controller.watches.size() == 1);
        assertThat(heard.epochs).isEmpty();
        controller
                .watches
                .get(0)
                .onNext(WatchLeaderResponse.newBuilder().setEpoch(7).build());
        await().until(() -> heard.epochs.equals(List.of(7L)));

        watch.close();
        await().until(() -> controller.watches.get(0).isCancelled());
        assertThat(heard.ends).isEmpty();
    }

    @Test
    void aWatchOfAControllerThatIsNotThereEnds() {
        Heard heard = new Heard();
        watch("nobody", heard);
        await().until(() -> heard.ends.size() == 1);
    }

    private void confirm(Duration deadline, Answers answers) {
        transport.confirmNotLeading(
                address, ConfirmNotLeadingRequest.newBuilder().setHostId("h1").build(), deadline, answers);
    }

    @Test
    void aControllerIsAskedWhetherItLeadsOverOneChannelAsLongAsItAnswers() {
        Answers answers = new Answers();
        for (int i = 1; i <= 3; i++) {
            int expected = i;
            confirm(Duration.ofSeconds(10), answers);
            await().until(() -> answers.ids.size() == expected);
        }
        assertThat(answers.ids).containsOnly("to h1");
        assertThat(answers.failures).isEmpty();
        assertThat(channels).hasValue(1);
    }

    @Test
    void oneThatDoesNotAnswerInTimeIsAskedOverANewChannelNextTime() {
        controller.answers = false;
        Answers answers = new Answers();
        confirm(Duration.ofMillis(50), answers);
        await().until(() -> answers.failures.size() == 1);
        controller.answers = true;
        confirm(Duration.ofSeconds(10), answers);
        await().until(() -> answers.ids.size() == 1);
        assertThat(channels).hasValue(2);
    }

    @Test
    void nobodyIsAskedOnceTheTransportIsClosed() {
        transport.close();
        Answers answers = new Answers();
        confirm(Duration.ofSeconds(10), answers);
        assertThat(answers.failures).hasSize(1);
        assertThat(channels).hasValue(0);
    }
}
