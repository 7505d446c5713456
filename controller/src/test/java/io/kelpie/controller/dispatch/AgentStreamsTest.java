package io.kelpie.controller.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.control.TestController;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.AgentServiceGrpc;
import io.kelpie.proto.v1.CachedImages;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Taint;
import io.kelpie.proto.v1.TaintEffect;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Agents' streams over a real gRPC transport in this process, into a real control loop. */
class AgentStreamsTest {
    private static final int MANY = 100_000;

    /** More than a stream lets wait. */
    private static final int TOO_MANY = 10_002;

    private final TestController controller = TestController.leading();
    private final LeaderWatches watches = new LeaderWatches();
    private final Server server;
    private final ManagedChannel channel;

    AgentStreamsTest() throws IOException {
        String name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(new AgentStreams(
                        controller.queue,
                        controller.leases,
                        new NotLeadingAnswers(
                                controller.controllers, controller.leadership, controller.leases, host -> {}),
                        watches,
                        new LogRelay(),
                        new HostContacts(controller.time),
                        controller.time))
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    /** The agent's end of a stream. */
    private static final class Agent implements ClientResponseObserver<ConnectRequest, ConnectResponse> {
        private final int first;
        final List<ConnectResponse> received = new ArrayList<>();

        @Nullable Throwable failure;

        boolean completed;
        private @Nullable ClientCallStreamObserver<ConnectRequest> call;

        Agent(int first) {
            this.first = first;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ConnectRequest> stream) {
            call = stream;
            stream.disableAutoRequestWithInitial(first);
        }

        ClientCallStreamObserver<ConnectRequest> call() {
            return Objects.requireNonNull(call);
        }

        void says(ConnectRequest.Builder request) {
            call().onNext(request.build());
        }

        List<Command> commands() {
            return received.stream()
                    .filter(ConnectResponse::hasCommand)
                    .map(ConnectResponse::getCommand)
                    .toList();
        }

        String reason() {
            return GrpcErrors.reason(Objects.requireNonNull(failure)).name();
        }

        @Override
        public void onNext(ConnectResponse message) {
            received.add(message);
        }

        @Override
        public void onError(Throwable cause) {
            failure = cause;
        }

        @Override
        public void onCompleted() {
            completed = true;
        }
    }

    private Agent dial(int first) {
        Agent agent = new Agent(first);
        AgentServiceGrpc.newStub(channel).connect(agent);
        return agent;
    }

    private Hello hello() {
        return new TestAgent(controller.queue, controller.leases, controller.time, "h1").hello();
    }

    private Agent connected(int first) {
        Agent agent = dial(first);
        agent.says(ConnectRequest.newBuilder().setHello(hello()));
        controller.settle();
        if (agent.failure == null) {
            agent.says(beat(1, true));
            controller.settle();
        }
        return agent;
    }

    private static ConnectRequest.Builder beat(long sequence, boolean opens) {
        return ConnectRequest.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder()
                        .setSequence(sequence)
                        .setLineage(1)
                        .setOpens(opens)
                        .setBootId("boot-1"));
    }

    private HostHealth health() {
        return controller.model().host("h1").orElseThrow().health();
    }

    @Test
    void anAgentIsWelcomedAndItsHeartbeatsAreAnswered() {
        Agent agent = connected(MANY);
        assertThat(agent.received.get(0).getWelcome().getClusterUuid())
                .isEqualTo(controller.loop.view().orElseThrow().clusterUuid());
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
        agent.says(
                ConnectRequest.newBuilder().setHeartbeat(Heartbeat.newBuilder().setSequence(7)));
        assertThat(agent.received
                        .get(agent.received.size() - 1)
                        .getHeartbeatAck()
                        .getSequence())
                .as("answered without the control thread")
                .isEqualTo(7);
    }

    @Test
    void imagesThatAHeartbeatTellsStayKnownUntilTheNextThatTells() {
        Agent agent = connected(MANY);
        String digest = "ab".repeat(32);
        agent.says(images(2, List.of(digest)));
        agent.says(beat(3, false));
        controller.settle();
        assertThat(images()).containsExactly(digest);

        agent.says(images(4, List.of()));
        controller.settle();
        assertThat(images()).isEmpty();
    }

    @Test
    void noMoreImagesAreKeptThanAnAgentMayTell() {
        Agent agent = connected(MANY);
        agent.says(images(2, IntStream.range(0, 300).mapToObj(Integer::toString).toList()));
        controller.settle();
        assertThat(images()).hasSize(256).startsWith("0", "1");
    }

    private static ConnectRequest.Builder images(long sequence, List<String> digests) {
        ConnectRequest.Builder beat = beat(sequence, false);
        beat.getHeartbeatBuilder().setCachedImages(CachedImages.newBuilder().addAllDigests(digests));
        return beat;
    }

    private List<String> images() {
        return controller.model().host("h1").orElseThrow().capabilities().getCachedImagesList();
    }

    @Test
    void aChangedCapacityIsStored() {
        Agent agent = connected(MANY);
        HostCapacity grown = HostCapacity.newBuilder()
                .setCpus(4)
                .setMemoryMib(2048)
                .addHugepages(HugepageCount.newBuilder()
                        .setSize(Hugepages.HUGEPAGES_2MI)
                        .setCount(1024))
                .build();
        agent.says(ConnectRequest.newBuilder().setCapacity(grown));
        controller.settle();
        assertThat(controller.model().host("h1").orElseThrow().record().getCapacity())
                .isEqualTo(grown);
    }

    @Test
    void taintsAreThoseOfTheLastHello() {
        Agent first = dial(MANY);
        Taint taint = Taint.newBuilder()
                .setKey("gpu")
                .setEffect(TaintEffect.TAINT_EFFECT_NO_SCHEDULE)
                .build();
        first.says(ConnectRequest.newBuilder().setHello(hello().toBuilder().addTaints(taint)));
        controller.settle();
        assertThat(taints()).containsExactly(taint);

        first.call().onCompleted();
        controller.settle();
        connected(MANY);
        assertThat(taints()).isEmpty();
    }

    private List<Taint> taints() {
        return controller.model().host("h1").orElseThrow().record().getTaintsList();
    }

    @Test
    void aHostThatLooksForALeaderIsToldOnceThisControllerLeads() {
        String hostId = UUID.randomUUID().toString();
        Iterator<WatchLeaderResponse> heard = AgentServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .watchLeader(WatchLeaderRequest.newBuilder().setHostId(hostId).build());
        LeaderTerm term = TestTerms.begin(new MemoryCluster(UUID.randomUUID()));
        watches.termBegan(term);
        assertThat(heard.next().getEpoch()).isEqualTo(term.epoch());
    }

    @Test
    void whoLooksForALeaderNamesItsHost() {
        Iterator<WatchLeaderResponse> refused =
                AgentServiceGrpc.newBlockingStub(channel).watchLeader(WatchLeaderRequest.getDefaultInstance());
        assertThatThrownBy(refused::hasNext)
                .satisfies(failure ->
                        assertThat(GrpcErrors.reason(failure)).isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD));
    }

    static Stream<Arguments> badFirstMessages() {
        return Stream.of(
                Arguments.of("hello", ConnectRequest.newBuilder().setHeartbeat(Heartbeat.newBuilder())),
                Arguments.of("hello", ConnectRequest.newBuilder()),
                Arguments.of("hello.host_id", ConnectRequest.newBuilder().setHello(Hello.newBuilder())),
                Arguments.of(
                        "hello.host_id",
                        ConnectRequest.newBuilder().setHello(Hello.newBuilder().setHostId("1-2-3-4-5"))),
                Arguments.of(
                        "report.vm_id",
                        ConnectRequest.newBuilder()
                                .setHello(Hello.newBuilder()
                                        .setHostId(UUID.randomUUID().toString())
                                        .addInstances(
                                                InstanceReport.newBuilder().setVmId("../x")))),
                Arguments.of(
                        "report.incarnation",
                        ConnectRequest.newBuilder()
                                .setHello(Hello.newBuilder()
                                        .setHostId(UUID.randomUUID().toString())
                                        .addInstances(InstanceReport.newBuilder()
                                                .setVmId(UUID.randomUUID().toString())))));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @MethodSource("badFirstMessages")
    void aBadFirstMessageEndsTheStream(String field, ConnectRequest.Builder message) {
        Agent agent = dial(MANY);
        agent.says(message);
        refused(agent, field);
        controller.settle();
        assertThat(controller.model().hosts()).isEmpty();
    }

    static Stream<Arguments> badLaterMessages() {
        return Stream.of(
                Arguments.of("hello", ConnectRequest.newBuilder().setHello(Hello.newBuilder())),
                Arguments.of(
                        "ack.vm_id",
                        ConnectRequest.newBuilder()
                                .setAck(CommandAck.newBuilder().setVmId("none"))),
                Arguments.of(
                        "report.vm_id",
                        ConnectRequest.newBuilder()
                                .setReport(InstanceReport.newBuilder().setVmId("\n"))),
                Arguments.of(
                        "report.incarnation",
                        ConnectRequest.newBuilder()
                                .setReport(InstanceReport.newBuilder()
                                        .setVmId(UUID.randomUUID().toString())
                                        .setIncarnation(-1))));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @MethodSource("badLaterMessages")
    void aBadLaterMessageEndsTheStreamAndTheHostIsNotHeard(String field, ConnectRequest.Builder message) {
        Agent agent = connected(MANY);
        agent.says(message);
        refused(agent, field);
        controller.settle();
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
    }

    private static void refused(Agent agent, String field) {
        assertThat(Status.fromThrowable(Objects.requireNonNull(agent.failure)).getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(GrpcErrors.info(agent.failure).orElseThrow().getMetadataMap())
                .containsEntry("field", field);
    }

    @Test
    void aMessageOfANewerAgentIsPassedOver() {
        Agent agent = connected(MANY);
        agent.says(ConnectRequest.newBuilder());
        assertThat(agent.failure).isNull();
    }

    @Test
    void reportsOfAnInstanceThatWaitAreJoinedAndTheLatestHolds() {
        Agent agent = connected(MANY);
        controller.apply(TestController.job("web", 1));
        controller.settle();
        Command start = agent.commands().get(0);
        int before = controller.queue.size();
        for (InstancePhase phase : List.of(
                InstancePhase.INSTANCE_PHASE_PREPARING,
                InstancePhase.INSTANCE_PHASE_STARTING,
                InstancePhase.INSTANCE_PHASE_RUNNING)) {
            agent.says(ConnectRequest.newBuilder()
                    .setReport(InstanceReport.newBuilder()
                            .setVmId(start.getVmId())
                            .setIncarnation(1)
                            .setSequence(phase.getNumber())
                            .setPhase(phase)));
        }
        // An older one that comes late.
        agent.says(ConnectRequest.newBuilder()
                .setReport(InstanceReport.newBuilder()
                        .setVmId(start.getVmId())
                        .setIncarnation(1)
                        .setSequence(1)
                        .setPhase(InstancePhase.INSTANCE_PHASE_PREPARING)));
        assertThat(controller.queue.size()).isEqualTo(before + 1);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
    }

    @Test
    void anAgentThatReadsSlowlyGetsEverythingInOrder() {
        Agent agent = connected(1);
        controller.apply(TestController.job("web", 3));
        controller.settle();
        assertThat(agent.received).hasSize(1);
        assertThat(agent.received.get(0).hasWelcome()).isTrue();
        agent.call().request(2);
        assertThat(agent.received.get(1).hasHeartbeatAck()).isTrue();
        assertThat(agent.received.get(2).hasLeaseGrant()).isTrue();
        agent.call().request(2);
        assertThat(agent.commands()).hasSize(2);
        agent.call().request(MANY);
        assertThat(agent.commands())
                .extracting(command -> command.getStart().getVmName())
                .containsExactlyInAnyOrder("web-0", "web-1", "web-2");
    }

    @Test
    void anAgentThatDoesNotReadIsCutOff() {
        Agent agent = connected(1);
        for (int i = 0; i < TOO_MANY; i++) {
            agent.says(ConnectRequest.newBuilder()
                    .setHeartbeat(Heartbeat.newBuilder().setSequence(i)));
        }
        agent.call().request(MANY);
        assertThat(agent.reason()).isEqualTo("ERROR_REASON_OVERLOADED");
        assertThat(agent.received).hasSizeLessThan(TOO_MANY);
    }

    @Test
    void anAgentThatEndsItsStreamIsAnsweredAndNotHeard() {
        Agent agent = connected(MANY);
        agent.call().onCompleted();
        assertThat(agent.completed).isTrue();
        controller.settle();
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
    }

    @Test
    void aConnectionThatBreaksIsNoticed() {
        Agent agent = connected(MANY);
        agent.call().cancel("the cable was pulled", null);
        controller.settle();
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
        controller.apply(TestController.job("web", 1));
        controller.settle();
        assertThat(agent.commands()).isEmpty();
    }

    @Test
    void aControllerThatLeadsNoMoreEndsTheStream() {
        Agent agent = connected(MANY);
        controller.leadership.loseSession();
        controller.settle();
        assertThat(agent.reason()).isEqualTo("ERROR_REASON_NOT_LEADER");
    }

    @Test
    void aSecondStreamOfAHostThatIsHeardIsRefused() {
        Agent former = connected(MANY);
        Agent twin = connected(MANY);
        assertThat(twin.reason()).isEqualTo("ERROR_REASON_HOST_ID_IN_USE");
        assertThat(former.failure).isNull();
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
    }

    @Test
    void aNewStreamOfTheSameHostEndsTheFormerThatIsSilent() {
        Agent former = connected(MANY);
        controller.pass(2_000);
        Agent latter = connected(MANY);
        assertThat(former.failure != null || former.completed).isTrue();
        assertThat(latter.failure).isNull();
        former.call().cancel("late", null);
        controller.settle();
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
    }
}
