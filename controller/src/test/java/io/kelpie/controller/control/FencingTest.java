package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.memory.CommitFault;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What becomes of VMs whose host is not heard any more. */
class FencingTest {
    /** A little less, and a little more, than the wait after a last grant: 14.24 s and what a round takes. */
    private static final long BEFORE_FENCE = 13_500;

    private static final long REST = 3_000;

    private final TestController controller = TestController.leading();

    private TestAgent host(String name) {
        TestAgent agent = controller.agent(name).canLease();
        agent.connect();
        controller.settle();
        controller.pass(500);
        return agent;
    }

    /** Starts a job of one VM on the only host that there is. */
    private Command running(TestAgent agent, JobSpec spec) {
        controller.apply(spec);
        controller.settle();
        Command start = onlyCommand(agent);
        agent.accept(start);
        agent.runs(start);
        controller.settle();
        assertThat(controller.state(spec.getName() + "-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        return start;
    }

    private HostInfo info(String host) {
        return controller.model().host(host).orElseThrow();
    }

    @Test
    void aStartNamesTheLineageThatWasGranted() {
        TestAgent h1 = host("h1");
        Command start = running(h1, TestController.job("web", 1));
        assertThat(start.getStart().getLeased()).isTrue();
        assertThat(start.getLineage()).isEqualTo(h1.lineage());
        assertThat(controller.vm("web-0").record().getLeased()).isTrue();
        assertThat(info("h1").leasedInstances()).isEqualTo(1);
        assertThat(info("h1").leased()).isTrue();
    }

    @Test
    void aSilentHostIsFencedAndItsLeasedVmRunsElsewhere() {
        TestAgent h1 = host("h1");
        running(h1, TestController.job("web", 1));
        TestAgent h2 = host("h2");
        h1.fallSilent();
        controller.pass(BEFORE_FENCE);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
        assertThat(info("h1").nextStep()).contains("its leased VMs are started elsewhere");
        assertThat(info("h1").nextStepAtMillis())
                .isBetween(controller.time.wallMillis(), controller.time.wallMillis() + 2_000);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);

        controller.pass(REST);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        assertThat(info("h1").record().getFencing().getCause()).isEqualTo(Fencing.Cause.CAUSE_LEASE_ENDED);
        Command again = onlyCommand(h2);
        assertThat(again.getIncarnation()).isEqualTo(2);
        assertThat(again.getLineage()).isEqualTo(h2.lineage());
        assertThat(controller.vm("web-0").record().getFailedAtMillisList()).isEmpty();
        assertThat(controller.vm("web-0").record().getLastExit().getReason())
                .isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
        assertThat(h1.closedFor()).as("it has to present itself anew").isPresent();
    }

    @Test
    void aFencedHostThatComesBackIsReadyAgainAndItsStaleInstanceIsKilled() {
        TestAgent h1 = host("h1");
        Command start = running(h1, TestController.job("web", 1));
        h1.disconnect();
        controller.pass(BEFORE_FENCE + REST);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);

        TestAgent back =
                controller.agent("h1").canLease().has(start.getVmId(), 1, InstancePhase.INSTANCE_PHASE_RUNNING);
        back.connect();
        controller.settle();
        controller.pass(1_000);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
        assertThat(info("h1").record().hasFencing()).isFalse();
        assertThat(back.grants()).isNotEmpty();
        assertThat(back.takeCommands())
                .anyMatch(command -> command.hasKill() && command.getIncarnation() == 1)
                .anyMatch(command -> command.hasStart() && command.getIncarnation() == 2);
    }

    @Test
    void aVmThatIsToStayWhereItIsStays() {
        TestAgent h1 = host("h1");
        JobSpec leave = TestController.job("web", 1).toBuilder()
                .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_LEAVE)
                .build();
        Command start = running(h1, leave);
        assertThat(start.getStart().getLeased()).isFalse();
        assertThat(controller.vm("web-0").record().getNotLeasedReason()).isEmpty();
        host("h2");
        h1.disconnect();
        controller.pass(BEFORE_FENCE + REST);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        assertThat(info("h1").nextStep()).contains("kelpie host confirm-dead h1");
        controller.pass(600_000);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(info("h1").reserved().getVcpus()).isEqualTo(1);
    }

    @Test
    void aVmBeingStoppedOnALostHostIsStopped() {
        TestAgent h1 = host("h1");
        running(h1, TestController.job("web", 1));
        controller.call(VmOperations.control(io.kelpie.proto.v1.ControlVmRequest.newBuilder()
                .setNamespace("default")
                .setName("web-0")
                .setAction(io.kelpie.proto.v1.ControlAction.CONTROL_ACTION_STOP)
                .build()));
        controller.settle();
        h1.disconnect();
        controller.pass(BEFORE_FENCE + REST);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_STOPPED);
    }

    @Test
    void withOneControllerNothingIsLeasedAndTheRecordSaysWhy() {
        TestController alone = new TestController(
                new MemoryCluster(UUID.randomUUID()), new TestTime(), TestController.identity("c1", "c1"));
        alone.loop.start();
        alone.settle();
        TestAgent h1 = alone.agent("h1").canLease();
        h1.connect();
        alone.apply(TestController.job("web", 1));
        alone.settle();
        alone.pass(1_000);
        assertThat(onlyCommand(h1).getStart().getLeased()).isFalse();
        assertThat(alone.vm("web-0").record().getNotLeasedReason()).contains("two controllers");
    }

    @Test
    void aHostWhoseDriversCannotLeaseRunsTheVmAndTheRecordSaysWhy() {
        TestAgent h1 = controller.connected("h1");
        controller.apply(TestController.job("web", 1));
        controller.settle();
        assertThat(onlyCommand(h1).getStart().getLeased()).isFalse();
        assertThat(controller.vm("web-0").record().getNotLeasedReason())
                .isEqualTo("no driver of host h1 can run leased VMs");
    }

    @Test
    void aNewLeaderWaitsFromItsOwnBegin() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController first = new TestController(cluster, time, "c1");
        first.loop.start();
        first.settle();
        TestAgent h1 = first.agent("h1").canLease();
        h1.connect();
        first.settle();
        first.apply(TestController.job("web", 1));
        first.pass(1_000);
        Command start = onlyCommand(h1);
        h1.runs(start);
        first.settle();
        TestController second = new TestController(cluster, time, "c2");
        second.loop.start();
        first.pass(12_000);
        first.leadership.loseSession();
        first.settle();
        second.settle();
        assertThat(second.loop.view()).isPresent();
        second.pass(BEFORE_FENCE);
        assertThat(second.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        second.pass(REST);
        assertThat(second.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);
    }

    @Test
    void aNewLeaderSendsAStartOnlyUnderALineageThatItHasGrantedItself() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController first = new TestController(cluster, time, "c1");
        first.loop.start();
        first.settle();
        TestAgent h1 = first.agent("h1").canLease();
        h1.connect();
        first.settle();
        first.apply(TestController.job("web", 1));
        first.pass(500);
        assertThat(onlyCommand(h1).hasStart()).isTrue();
        TestController second = new TestController(cluster, time, "c2");
        second.loop.start();
        first.leadership.loseSession();
        first.settle();
        second.settle();

        // It is not known to the second controller's harness, so it asks when the test says.
        TestAgent again = new TestAgent(second.queue, second.leases, time, "h1")
                .canLease()
                .clusterUuid(second.loop.view().orElseThrow().clusterUuid())
                .holding(h1);
        again.connect();
        second.settle();
        assertThat(again.takeCommands()).isEmpty();
        again.ask();
        second.settle();
        Command start = onlyCommand(again);
        assertThat(start.getLineage()).isEqualTo(again.lineage());
        assertThat(start.getEpoch()).isEqualTo(2);
    }

    @Test
    void anotherBootIsRefusedUntilTheOldBootsLastLeaseHasEnded() {
        TestAgent h1 = host("h1");
        Command start = running(h1, TestController.job("web", 1));
        h1.disconnect();
        controller.pass(1_000);
        TestAgent early = controller.agent("h1").canLease().bootId("boot-2");
        early.connect();
        controller.settle();
        KelpieException refusal = early.closedFor().orElseThrow();
        assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_HOST_ID_IN_USE);
        assertThat(refusal.getMessage()).contains("ends in 1");
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);

        controller.pass(BEFORE_FENCE + REST);
        TestAgent late = controller.agent("h1").canLease().bootId("boot-2");
        late.connect();
        controller.settle();
        controller.pass(1_000);
        assertThat(late.closedFor()).isEmpty();
        assertThat(info("h1").record().getBootId()).isEqualTo("boot-2");
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
        assertThat(onlyCommand(late).getIncarnation()).isEqualTo(2);
        assertThat(start.getIncarnation()).isEqualTo(1);
    }

    @Test
    void aTwinOfAnotherBootIsRefusedAsLongAsTheFirstIsGranted() {
        TestAgent h1 = host("h1");
        controller.pass(60_000);
        TestAgent twin = controller.agent("h1").bootId("boot-2");
        twin.connect();
        controller.settle();
        assertThat(twin.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_HOST_ID_IN_USE);
        assertThat(h1.closedFor()).isEmpty();
    }

    @Test
    void aFaultyHostIsGrantedNothingAndFencedWhenItsLeaseHasEnded() {
        TestAgent h1 = host("h1");
        controller.apply(TestController.job("web", 1));
        controller.settle();
        assertThat(onlyCommand(h1).hasStart()).isTrue();
        controller.pass(17_000); // three deadlines
        assertThat(info("h1").healthReason()).contains("web-0");
        int grants = h1.grants().size();
        TestAgent h2 = host("h2");
        controller.pass(BEFORE_FENCE - 2_000);
        assertThat(h1.grants()).hasSize(grants);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PLACED);
        controller.pass(REST + 2_000);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        assertThat(onlyCommand(h2).getIncarnation()).isEqualTo(2);
    }

    @Test
    void anInstanceThatEndedWithItsLeaseIsRestartedUnderEveryPolicy() {
        TestAgent h1 = host("h1");
        JobSpec never = TestController.job("web", 1).toBuilder()
                .setRestart(RestartPolicy.newBuilder().setPolicy(RestartPolicy.Policy.POLICY_NEVER))
                .build();
        Command start = running(h1, never);
        h1.exits(
                start,
                InstanceExit.newBuilder()
                        .setReason(ExitReason.EXIT_REASON_LEASE_ENDED)
                        .setMessage("killed as the host's lease had ended")
                        .build());
        controller.settle();
        assertThat(onlyCommand(h1).getIncarnation()).isEqualTo(2);
        assertThat(controller.vm("web-0").record().getFailedAtMillisList()).isEmpty();
    }

    @Test
    void nothingIsPromisedWhileItIsNotKnownWhetherTheFenceIsStored() {
        TestAgent h1 = host("h1");
        running(h1, TestController.job("web", 1));
        String id = h1.hostId();
        h1.disconnect();
        controller.pass(13_000);
        controller.store.failNextCommit(CommitFault.LOST_UNDER_WAY);
        controller.store.failNextCommit(CommitFault.LOST_UNDER_WAY);
        for (int i = 0; i < 20 && !controller.leases.isClosed(id); i++) {
            controller.time.advanceMillis(100);
            controller.tick();
        }
        // The batch is under way, and its answer is lost.
        assertThat(controller.leases.isClosed(id)).isTrue();
        assertThat(controller.leases.promiseNotLeading(id)).isFalse();
        controller.store.setConnected(false);
        controller.leadership.loseSession();
        controller.tick();
        assertThat(controller.leases.promiseNotLeading(id)).isFalse();
    }

    @Test
    void theWordIsOpenAgainOnceTheFenceIsStored() {
        TestAgent h1 = host("h1");
        h1.disconnect();
        controller.pass(BEFORE_FENCE + REST);
        assertThat(info("h1").health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        assertThat(controller.leases.isClosed(h1.hostId())).isFalse();
    }

    @Test
    void manyHostsLostAtOnceAreFirstTheLeadersOwnFaultAndThenFencedOneByOne() {
        List<TestAgent> agents = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            agents.add(host("h" + i));
        }
        long epoch = controller.loop.view().orElseThrow().epoch();
        agents.subList(0, 4).forEach(TestAgent::disconnect);
        controller.pass(1_000);
        assertThat(controller.loop.view().orElseThrow().epoch()).isEqualTo(epoch + 1);
        ConfigRecord config = Records.parse(
                ConfigRecord.parser(),
                controller
                        .store
                        .read(new RecordKey.ConfigKey())
                        .join()
                        .orElseThrow()
                        .value(),
                "config");
        assertThat(config.getSilenceResignedEpoch()).isEqualTo(epoch);

        for (int i = 4; i < 10; i++) {
            assertThat(agents.get(i).closedFor()).isPresent();
            TestAgent again = controller.agent("h" + i).canLease().holding(agents.get(i));
            again.connect();
        }
        controller.pass(20_000);
        assertThat(fenced()).as("everything may be starting").isZero();
        assertThat(controller.loop.view().orElseThrow().warnings().list())
                .singleElement()
                .asString()
                .startsWith("ClusterLivenessLow");
        assertThat(info("h0").nextStep()).contains("too many hosts are silent");

        while (fenced() == 0) {
            controller.pass(500);
        }
        assertThat(fenced()).isEqualTo(1);
        controller.pass(9_000);
        assertThat(fenced()).isEqualTo(1);
        controller.pass(1_500);
        assertThat(fenced()).as("two silent hosts are not many").isEqualTo(4);
        controller.pass(500);
        assertThat(controller.loop.view().orElseThrow().warnings().list()).isEmpty();
        assertThat(controller.loop.view().orElseThrow().epoch()).isEqualTo(epoch + 1);
    }

    private long fenced() {
        return controller.model().hosts().values().stream()
                .filter(host -> host.health() == HostHealth.HOST_HEALTH_FENCED)
                .count();
    }

    @Test
    void aRestartElsewhereIsRefusedForADiskThatEachHostHasForItself() {
        host("h1");
        JobSpec spec = TestController.job("db", 1).toBuilder()
                .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_RESTART)
                .setVm(TestController.job("db", 1).getVm().toBuilder()
                        .addDisks(DataDisk.newBuilder()
                                .setName("data")
                                .setSizeMib(1)
                                .setKeep(true)))
                .build();
        var answer = controller.apply(spec);
        controller.settle();
        assertThat(answer).isCompletedExceptionally();
        assertThat(answer.handle((bytes, failure) -> failure).join())
                .satisfies(failure -> assertThat(failure instanceof CompletionException ? failure.getCause() : failure)
                        .isInstanceOfSatisfying(KelpieException.class, refusal -> {
                            assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
                            assertThat(refusal.getMessage()).contains("disk data");
                        }));
    }

    private static Command onlyCommand(TestAgent agent) {
        List<Command> commands = agent.takeCommands();
        assertThat(commands).hasSize(1);
        return commands.get(0);
    }
}
