package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Status;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.control.TestController;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.Move;
import io.kelpie.proto.v1.MoveProgress;
import io.kelpie.proto.v1.RebalanceGoal;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.StopRebalanceRequest;
import io.kelpie.proto.v1.StopRebalanceResponse;
import io.kelpie.proto.v1.VmState;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Drains and rebalances as they are carried out. */
class MovesTest {
    private final TestApi api = TestApi.leading();
    private final TestController controller = api.controller;
    private final TestAgent h1 = controller.connected("h1");

    @AfterEach
    void close() {
        api.close();
    }

    private void running(String name, int replicas, Consumer<JobSpec.Builder> change) {
        JobSpec.Builder spec = TestController.job(name, replicas).toBuilder();
        change.accept(spec);
        api.apply(spec.build());
        obey(h1);
        for (int i = 0; i < replicas; i++) {
            assertThat(controller.state(name + "-" + i)).isEqualTo(VmState.VM_STATE_RUNNING);
        }
    }

    private void obey(TestAgent... agents) {
        for (int i = 0; i < 3; i++) {
            for (TestAgent agent : agents) {
                agent.obey();
            }
            controller.settle();
        }
    }

    private static DrainHostRequest drainOf(String host) {
        return DrainHostRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setHost(host)
                .build();
    }

    private DrainHostResponse drain(String host) {
        return api.settled(api.hostChanges.drainHost(drainOf(host)));
    }

    private String hostOf(String vm) {
        return controller
                .model()
                .host(controller.vm(vm).record().getHostId())
                .map(host -> host.record().getName())
                .orElse("");
    }

    private List<String> events(String subject, String type) {
        return api
                .cluster
                .listEvents(ListEventsRequest.newBuilder().setSubject(subject).build())
                .getEventsList()
                .stream()
                .filter(event -> event.getType().equals(type))
                .map(Event::getMessage)
                .toList();
    }

    private List<MoveProgress> moving() {
        return api.cluster.getStatus(GetStatusRequest.getDefaultInstance()).getMovesList();
    }

    /** Stops that the host was told. */
    private static List<Command> stops(TestAgent agent) {
        return agent.takeCommands().stream().filter(Command::hasStop).toList();
    }

    @Test
    void aDrainCordonsTheHostAndMovesItsVmsOneAfterTheOtherAsTheirJobAllows() {
        running("web", 2, spec -> {});
        TestAgent h2 = controller.connected("h2");

        DrainHostResponse begun = drain("h1");

        assertThat(begun.getHost().getRecord().getCordoned()).isTrue();
        assertThat(begun.getMoves()).isEqualTo(2);
        assertThat(begun.getVmsList()).extracting(DrainedVm::getWave).containsExactly(1, 2);
        controller.pass(1_000);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_EVICTING);
        assertThat(controller.state("web-1")).as("maxUnavailable is 1").isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(moving())
                .containsExactly(MoveProgress.newBuilder()
                        .setWhat("drain host/h1")
                        .setTotal(2)
                        .setUnderWay(1)
                        .build());

        obey(h1, h2);
        assertThat(hostOf("web-0")).isEqualTo("h2");
        controller.pass(1_000);
        assertThat(controller.state("web-1")).isEqualTo(VmState.VM_STATE_EVICTING);
        obey(h1, h2);
        controller.pass(1_000);

        assertThat(hostOf("web-1")).isEqualTo("h2");
        assertThat(moving()).isEmpty();
        assertThat(events("host/h1", "DrainEnded")).containsExactly("2 of 2 VMs moved. No VM is there any more");
    }

    @Test
    void asManyAtOnceAsTheJobAndTheOperatorAllow() {
        running("web", 4, spec -> spec.setMaxUnavailable(3));
        controller.connected("h2");

        api.settled(
                api.hostChanges.drainHost(drainOf("h1").toBuilder().setAtOnce(2).build()));
        controller.pass(1_000);

        assertThat(stops(h1)).hasSize(2);
    }

    @Test
    void whatNoHostTakesStaysAndIsNotStopped() {
        running("web", 1, spec -> {});

        DrainHostResponse begun = drain("h1");
        controller.pass(2_000);

        assertThat(begun.getMoves()).isZero();
        assertThat(begun.getVms(0).getWave()).isZero();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(events("host/h1", "DrainEnded")).containsExactly("0 of 0 VMs moved. 1 VM is still there");
    }

    @Test
    void aPlaceThatIsTakenMeanwhileStopsNoVm() {
        running("web", 2, spec -> spec.getVmBuilder().setMemoryMib(1_500));
        TestAgent h2 = controller.connected("h2");
        drain("h1");
        controller.pass(1_000);
        obey(h1, h2);
        assertThat(hostOf("web-0")).isEqualTo("h2");
        api.apply("default", "other", 8); // takes what is left on h2

        controller.pass(1_000);
        obey(h1, h2);
        controller.pass(1_000);

        assertThat(controller.state("web-1")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(hostOf("web-1")).isEqualTo("h1");
        assertThat(events("host/h1", "DrainEnded").get(0))
                .startsWith("1 of 2 VMs moved; left: default/web-1 is taken by no other host: ")
                .contains("memory")
                .endsWith(". 1 VM is still there");
    }

    @Test
    void anUncordonedHostIsDrainedNoFurther() {
        running("web", 2, spec -> {});
        TestAgent h2 = controller.connected("h2");
        drain("h1");
        controller.pass(1_000);

        api.settled(api.hostChanges.cordonHost(CordonHostRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setHost("h1")
                .setCordoned(false)
                .build()));
        controller.pass(1_000);
        obey(h1, h2);
        controller.pass(2_000);

        assertThat(hostOf("web-1")).isEqualTo("h1");
        assertThat(controller.state("web-1")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(controller.state("web-0")).as("it runs somewhere again").isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(events("host/h1", "DrainEnded").get(0)).contains("It was stopped: the host was uncordoned");
    }

    @Test
    void aVmThatFindsNoPlaceEndsTheDrainAfterAWhile() {
        running("web", 2, spec -> spec.getVmBuilder().setMemoryMib(1_500));
        TestAgent h2 = controller.connected("h2");
        drain("h1");
        controller.pass(1_000);
        api.apply("default", "other", 14); // before web-0 has ended, h2 is full
        obey(h1, h2);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);

        controller.pass(301_000);

        assertThat(controller.state("web-1")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(events("host/h1", "DrainEnded").get(0))
                .contains("It was stopped: default/web-0 finds no place: kelpie explain vm web-0");
    }

    @Test
    void aSecondDrainOfTheHostIsRefusedAndARepeatedRequestIsAnsweredTheSame() {
        running("web", 2, spec -> {});
        controller.connected("h2");
        DrainHostRequest request = drainOf("h1");
        DrainHostResponse begun = api.settled(api.hostChanges.drainHost(request));
        controller.pass(1_000);

        assertThat(api.settled(api.hostChanges.drainHost(request))).isEqualTo(begun);
        TestApi.refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", () -> drain("h1"));
        TestApi.refused(Status.Code.NOT_FOUND, "HOST_NOT_FOUND", () -> drain("h9"));
    }

    @Test
    void theNextLeaderDoesNotGoOnWithADrain() {
        running("web", 2, spec -> {});
        TestAgent h2 = controller.connected("h2");
        drain("h1");
        controller.pass(1_000);
        obey(h1, h2);
        TestController next = new TestController(controller.cluster, controller.time, "c2");
        next.loop.start();
        controller.leadership.loseSession();
        next.settle();

        assertThat(next.loop.view().orElseThrow().moves().present()).isEmpty();
        assertThat(next.model().host("h1").orElseThrow().record().getCordoned())
                .as("what is durable stays")
                .isTrue();
    }

    private ListenableFuture<RebalanceResponse> rebalance(RebalanceGoal goal) {
        return api.clusterChanges.rebalance(RebalanceRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setGoal(goal)
                .build());
    }

    @Test
    void aRebalanceMovesVmsToTheHostsThatItNamed() {
        running("web", 3, spec -> spec.setMaxUnavailable(3).getVmBuilder().setMemoryMib(1_000));
        TestAgent h2 = controller.connected("h2");

        RebalanceResponse answer = api.settled(rebalance(RebalanceGoal.REBALANCE_GOAL_EVEN));
        assertThat(answer.getMovesList()).hasSize(1);
        controller.pass(1_000);
        TestApi.refused(
                Status.Code.FAILED_PRECONDITION,
                "WRONG_STATE",
                () -> api.settled(rebalance(RebalanceGoal.REBALANCE_GOAL_EMPTY_HOSTS)));
        obey(h1, h2);
        controller.pass(1_000);

        assertThat(hostOf(answer.getMoves(0).getName())).isEqualTo("h2");
        assertThat(events("cluster", "RebalanceEnded")).containsExactly("1 of 1 VM moved");
    }

    @Test
    void aRebalanceEmptiesAHost() {
        running("web", 1, spec -> {});
        TestAgent h2 = controller.connected("h2");
        api.settled(api.hostChanges.cordonHost(CordonHostRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setHost("h1")
                .setCordoned(true)
                .build()));
        api.apply("default", "db", 2);
        obey(h1, h2);
        assertThat(hostOf("db-0")).isEqualTo("h2");
        api.settled(api.hostChanges.cordonHost(CordonHostRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setHost("h1")
                .setCordoned(false)
                .build()));

        RebalanceResponse answer = api.settled(rebalance(RebalanceGoal.REBALANCE_GOAL_EMPTY_HOSTS));
        assertThat(answer.getEmptiedHostsList()).containsExactly("h1");
        controller.pass(1_000);
        obey(h1, h2);
        controller.pass(1_000);

        assertThat(hostOf("web-0")).isEqualTo("h2");
        assertThat(events("cluster", "RebalanceEnded")).containsExactly("1 of 1 VM moved");
    }

    @Test
    void aRebalanceIsStoppedByAnOperator() {
        running("web", 4, spec -> spec.getVmBuilder().setMemoryMib(600));
        TestAgent h2 = controller.connected("h2");
        assertThat(stopRebalance().hasMoves()).isFalse();
        RebalanceResponse answer = api.settled(rebalance(RebalanceGoal.REBALANCE_GOAL_EVEN));
        assertThat(answer.getMovesList()).extracting(Move::getWave).containsExactly(1, 2);
        controller.pass(1_000);

        assertThat(stopRebalance().getMoves().getUnderWay()).isEqualTo(1);
        controller.pass(1_000);
        obey(h1, h2);
        controller.pass(1_000);

        assertThat(hostOf(answer.getMoves(0).getName())).as("it was on its way").isEqualTo("h2");
        assertThat(hostOf(answer.getMoves(1).getName())).isEqualTo("h1");
        assertThat(events("cluster", "RebalanceEnded"))
                .containsExactly("0 of 2 VMs moved; 2 not finished. It was stopped: an operator asked for it");
    }

    private StopRebalanceResponse stopRebalance() {
        return api.settled(api.clusterChanges.stopRebalance(StopRebalanceRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .build()));
    }

    @Test
    void aHostThatIsNotHeardIsToldNothing() {
        running("web", 1, spec -> {});
        controller.connected("h2");
        h1.disconnect();
        controller.pass(1_000);

        DrainHostResponse begun = drain("h1");
        controller.pass(1_000);

        assertThat(begun.getMoves()).isZero();
        assertThat(begun.getVms(0).getReason()).isEqualTo("cannot be stopped there, as the host is not heard");
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
    }

    @Test
    void whereNothingIsWorthAMoveNothingBegins() {
        RebalanceResponse answer = api.settled(rebalance(RebalanceGoal.REBALANCE_GOAL_EVEN));

        assertThat(answer.getMovesList()).isEmpty();
        controller.pass(1_000);
        assertThat(events("cluster", "Rebalancing")).isEmpty();
    }
}
