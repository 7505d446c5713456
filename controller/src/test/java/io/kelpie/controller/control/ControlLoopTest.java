package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.store.memory.CommitFault;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ControlLoopTest {
    private static final InstanceExit CRASH = InstanceExit.newBuilder()
            .setReason(ExitReason.EXIT_REASON_CRASHED)
            .setSignal(9)
            .setMessage("killed by signal 9")
            .build();
    private static final InstanceExit SHUTDOWN = InstanceExit.newBuilder()
            .setReason(ExitReason.EXIT_REASON_GUEST_SHUTDOWN)
            .setMessage("the guest shut down")
            .build();

    private final TestController controller = TestController.leading();

    @Test
    void takesAJobFromSubmitToRunning() {
        TestAgent agent = controller.connected("h1");
        CompletableFuture<ByteString> answer = controller.apply(TestController.job("web", 1));
        controller.settle();

        assertThat(TestController.applied(answer).getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
        Command start = onlyCommand(agent);
        assertThat(start.hasStart()).isTrue();
        assertThat(start.getIncarnation()).isEqualTo(1);
        assertThat(start.getStart().getVmName()).isEqualTo("web-0");
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PLACED);

        agent.accept(start);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_STARTING);

        agent.runs(start);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(controller.vm("web-0").record().getDecision().getHostName()).isEqualTo("h1");
    }

    @Test
    void sendsAndAnswersNothingThatIsNotDurable() {
        TestAgent agent = controller.connected("h1");
        controller.store.failNextCommit(CommitFault.LOST_NOT_APPLIED);
        controller.store.setConnected(false);
        CompletableFuture<ByteString> answer = controller.apply(TestController.job("web", 1));
        controller.settle();
        assertThat(answer).isNotDone();
        assertThat(agent.takeCommands()).isEmpty();
        assertThat(controller.hasJob("web")).isFalse();

        controller.store.setConnected(true);
        controller.settle();
        assertThat(TestController.applied(answer).getJob().getVersion()).isEqualTo(1);
        assertThat(onlyCommand(agent).hasStart()).isTrue();
    }

    @Test
    void goesOnAfterAnAnswerWasLostWhetherOrNotTheBatchWasApplied() {
        for (CommitFault fault : CommitFault.values()) {
            TestController one = TestController.leading();
            TestAgent agent = one.connected("h1");
            one.store.failNextCommit(fault);
            CompletableFuture<ByteString> answer = one.apply(TestController.job("web", 2));
            one.settle();
            assertThat(TestController.applied(answer).getOutcome())
                    .as(fault.name())
                    .isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
            assertThat(agent.takeCommands()).as(fault.name()).hasSize(2);
        }
    }

    @Test
    void aDeposedLeaderSendsNothingAndSaysThatTheOutcomeIsUnknown() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController old = new TestController(cluster, time, "c1");
        old.loop.start();
        old.settle();
        TestAgent agent = old.connected("h1");
        TestController usurper = new TestController(cluster, time, "c2");
        usurper.loop.start();
        usurper.leadership.usurp();
        CompletableFuture<ByteString> answer = old.apply(TestController.job("web", 1));
        old.settle();

        assertThat(reason(answer)).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
        assertThat(agent.takeCommands()).isEmpty();
        assertThat(agent.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_NOT_LEADER);
    }

    @Test
    void aNewLeaderGoesOnFromTheStore() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController first = new TestController(cluster, time, "c1");
        first.loop.start();
        first.settle();
        TestAgent agent = first.connected("h1");
        first.apply(TestController.job("web", 2));
        first.settle();
        List<Command> starts = agent.takeCommands();
        agent.accept(starts.get(0));
        agent.runs(starts.get(0));
        first.settle();
        String running = starts.get(0).getStart().getVmName();
        String placed = starts.get(1).getStart().getVmName();

        TestController second = new TestController(cluster, time, "c2");
        second.loop.start();
        first.leadership.loseSession();
        first.settle();
        second.settle();
        assertThat(second.loop.view()).isPresent();
        assertThat(first.loop.view()).isEmpty();
        assertThat(second.state(running)).isEqualTo(VmState.VM_STATE_RUNNING);

        TestAgent again = second.agent("h1").has(starts.get(0).getVmId(), 1, InstancePhase.INSTANCE_PHASE_RUNNING);
        again.connect();
        second.settle();
        List<Command> resent = again.takeCommands();
        assertThat(resent).hasSize(1);
        assertThat(resent.get(0).getStart().getVmName()).isEqualTo(placed);
        assertThat(resent.get(0).getIncarnation()).isEqualTo(1);
        assertThat(second.state(running)).isEqualTo(VmState.VM_STATE_RUNNING);
    }

    @Test
    void restartsACrashedVmWithAHigherIncarnationAfterItsBackoff() {
        TestAgent agent = controller.connected("h1");
        Command start = running(agent, "web");
        agent.exits(start, CRASH);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);
        assertThat(controller.vm("web-0").record().getIncarnation()).isEqualTo(2);
        assertThat(controller.vm("web-0").record().getLastExit().getSignal()).isEqualTo(9);
        assertThat(agent.takeCommands()).isEmpty();

        controller.pass(1_500);
        Command again = onlyCommand(agent);
        assertThat(again.getIncarnation()).isEqualTo(2);
        agent.accept(again);
        agent.runs(again);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        Command forget = onlyCommand(agent);
        assertThat(forget.hasForget()).isTrue();
        assertThat(forget.getIncarnation()).isEqualTo(1);
        assertThat(forget.getForget().getInstanceOnly()).isTrue();
    }

    @Test
    void aGuestThatShutsDownIsStoppedAndCanBeStarted() {
        TestAgent agent = controller.connected("h1");
        agent.exits(running(agent, "web"), SHUTDOWN);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_STOPPED);

        controller.call(vmControl("web-0", ControlAction.CONTROL_ACTION_START));
        controller.settle();
        assertThat(onlyCommand(agent).getIncarnation()).isEqualTo(2);
    }

    @Test
    void failsAfterTheAttemptsOfTheRestartPolicy() {
        TestAgent agent = controller.connected("h1");
        Command start = running(agent, "web");
        int starts = 1;
        for (int i = 0; i < 5; i++) {
            agent.exits(start, CRASH);
            controller.settle();
            start = nextStart(agent);
            starts++;
            agent.accept(start);
            controller.settle();
        }
        agent.exits(start, CRASH.toBuilder().setStderrTail("bad kernel").build());
        controller.settle();
        assertThat(starts).isEqualTo(6);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_FAILED);
        assertThat(controller.vm("web-0").record().getLastExit().getStderrTail())
                .isEqualTo("bad kernel");
    }

    @Test
    void aRefusedStartGoesElsewhere() {
        TestAgent first = controller.connected("h1");
        TestAgent second = controller.connected("h2");
        controller.apply(TestController.job("web", 1));
        controller.settle();
        TestAgent chosen = first;
        List<Command> commands =
                first.takeCommands().stream().filter(Command::hasStart).toList();
        if (commands.isEmpty()) {
            chosen = second;
            commands = second.takeCommands().stream().filter(Command::hasStart).toList();
        }
        TestAgent other = chosen == first ? second : first;
        other.takeCommands();
        chosen.refuse(commands.get(0), "no such image");
        controller.settle();

        Command elsewhere = onlyCommand(other);
        assertThat(elsewhere.hasStart()).isTrue();
        assertThat(elsewhere.getIncarnation()).isEqualTo(2);
        assertThat(controller.vm("web-0").record().getLastExit().getMessage()).isEqualTo("no such image");
    }

    @Test
    void deletesAJobOnceItsHostHasRemovedTheFiles() {
        TestAgent agent = controller.connected("h1");
        Command start = running(agent, "web");
        controller.call(JobOperations.delete(DeleteJobRequest.newBuilder()
                .setNamespace("default")
                .setName("web")
                .build()));
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_DELETING);
        Command stop = onlyCommand(agent);
        assertThat(stop.hasStop()).isTrue();
        agent.accept(stop);
        agent.exits(
                start,
                InstanceExit.newBuilder()
                        .setReason(ExitReason.EXIT_REASON_STOPPED)
                        .build());
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_DELETED);
        Command forget = onlyCommand(agent);
        assertThat(forget.hasForget()).isTrue();
        assertThat(forget.getForget().getInstanceOnly()).isFalse();
        agent.accept(forget);
        controller.settle();
        assertThat(controller.hasVm("web-0")).isFalse();
        assertThat(controller.hasJob("web")).isFalse();
    }

    @Test
    void aVmThatComesBackGoesOnCountingItsIncarnations() {
        TestAgent agent = controller.connected("h1");
        Command start = running(agent, "web");
        scale("web", 2);
        Command second = onlyCommand(agent);
        agent.runs(second);
        controller.settle();
        scale("web", 1);
        agent.takeCommands();
        agent.exits(second, SHUTDOWN);
        controller.settle();
        agent.accept(onlyCommand(agent));
        controller.settle();
        assertThat(controller.hasVm("web-1")).isFalse();

        scale("web", 2);
        Command back = onlyCommand(agent);
        assertThat(back.getVmId()).isEqualTo(second.getVmId());
        assertThat(back.getIncarnation()).isGreaterThan(second.getIncarnation());
        assertThat(start.getVmId()).isNotEqualTo(back.getVmId());
    }

    @Test
    void theSameRequestIsAppliedOnceAndAnotherBodyUnderItsIdIsRefused() {
        UUID id = UUID.randomUUID();
        Operation apply = JobOperations.apply(
                ApplyJobRequest.newBuilder()
                        .setSpec(TestController.job("web", 1))
                        .build(),
                UUID.randomUUID());
        CompletableFuture<ByteString> first = controller.call(id, ByteString.copyFromUtf8("a"), apply);
        CompletableFuture<ByteString> repeated = controller.call(id, ByteString.copyFromUtf8("a"), apply);
        CompletableFuture<ByteString> other = controller.call(id, ByteString.copyFromUtf8("b"), apply);
        controller.settle();
        assertThat(repeated.join()).isEqualTo(first.join());
        assertThat(reason(other)).isEqualTo(ErrorReason.ERROR_REASON_REQUEST_ID_REUSED);
    }

    @Test
    void saysWhichVersionItFoundWhenAnotherWasExpected() {
        controller.apply(TestController.job("web", 1));
        controller.settle();
        CompletableFuture<ByteString> answer = controller.call(JobOperations.apply(
                ApplyJobRequest.newBuilder()
                        .setSpec(TestController.job("web", 2))
                        .setExpectedVersion(7)
                        .build(),
                UUID.randomUUID()));
        controller.settle();
        assertThat(reason(answer)).isEqualTo(ErrorReason.ERROR_REASON_VERSION_CONFLICT);
    }

    @Test
    void explainsWhyAVmHasNoPlaceAndPlacesItWhenAHostComes() {
        controller.agent("small").memoryMib(128).connect();
        controller.apply(TestController.job("web", 1));
        controller.settle();
        controller.pass(2_500); // it was decided on before the host was ready: reasons are made anew now and then
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);
        Decision decision = Objects.requireNonNull(controller.vm("web-0").pendingDecision());
        assertThat(decision.getRulesList()).extracting(rule -> rule.getRule()).containsExactly("memory");
        assertThat(decision.getRules(0).getAsked()).startsWith("334 MiB");
        assertThat(decision.getRules(0).getFree()).isEqualTo("128 MiB");

        TestAgent large = controller.connected("large");
        assertThat(onlyCommand(large).hasStart()).isTrue();
    }

    @Test
    void anApplyNeverRestartsARunningVmAndARollTakesOneAtATime() {
        TestAgent agent = controller.connected("h1");
        controller.apply(TestController.job("web", 3));
        controller.settle();
        List<Command> starts = agent.takeCommands();
        starts.forEach(agent::runs);
        controller.settle();

        JobSpec larger = TestController.job("web", 3).toBuilder()
                .setVm(TestController.job("web", 3).getVm().toBuilder().setMemoryMib(300))
                .build();
        ApplyJobResponse changed = applySettled(larger);
        assertThat(changed.getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_UPDATED);
        assertThat(changed.getJob().getOutdated()).isEqualTo(3);
        assertThat(changed.getNotesList()).singleElement().asString().contains("kelpie restart job/web");
        assertThat(agent.takeCommands()).isEmpty();

        controller.call(JobOperations.control(ControlJobRequest.newBuilder()
                .setNamespace("default")
                .setName("web")
                .setAction(ControlAction.CONTROL_ACTION_RESTART)
                .build()));
        List<Long> memory = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            controller.settle();
            List<Command> stops =
                    agent.takeCommands().stream().filter(Command::hasStop).toList();
            assertThat(stops).as("one VM at a time").hasSize(1);
            Command stop = stops.get(0);
            agent.exits(
                    stop,
                    InstanceExit.newBuilder()
                            .setReason(ExitReason.EXIT_REASON_STOPPED)
                            .build());
            controller.settle();
            Command start = onlyCommand(agent);
            memory.add(start.getStart().getTemplate().getMemoryMib());
            agent.runs(start);
            controller.settle();
        }
        assertThat(memory).containsExactly(300L, 300L, 300L);
        assertThat(applySettled(larger).getJob().getOutdated()).isZero();
    }

    @Test
    void aSilentHostIsNotBlamedAndItsVmsStayWhereTheyAre() {
        TestAgent agent = controller.connected("h1");
        running(agent, "web");
        agent.disconnect();
        controller.pass(600_000);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(controller.model().host("h1").orElseThrow().healthReason()).isNotEmpty();
    }

    @Test
    void anUnansweredStartIsSentAgainThenKilledThenTheHostIsCalledFaulty() {
        TestAgent agent = controller.connected("h1");
        controller.apply(TestController.job("web", 1));
        controller.settle();
        Command start = onlyCommand(agent);
        controller.pass(6_000);
        Command again = onlyCommand(agent);
        assertThat(again).isEqualTo(start);
        controller.pass(5_500);
        assertThat(onlyCommand(agent).hasKill()).isTrue();
        controller.pass(5_500);
        assertThat(controller.model().host("h1").orElseThrow().healthReason()).contains("web-0");
        controller.apply(TestController.job("other", 1));
        controller.settle();
        assertThat(controller.state("other-0")).isEqualTo(VmState.VM_STATE_PENDING);
    }

    @Test
    void anInstanceThatTheHostHasLostIsStartedAgain() {
        TestAgent agent = controller.connected("h1");
        running(agent, "web");
        agent.disconnect();
        TestAgent empty = controller.agent("h1");
        empty.connect();
        controller.settle();
        assertThat(controller.vm("web-0").record().getLastExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LOST);
        controller.pass(1_500);
        assertThat(onlyCommand(empty).getIncarnation()).isEqualTo(2);
    }

    @Test
    void anInstanceOfAnUnknownVmIsKept() {
        TestAgent agent =
                controller.agent("h1").has(UUID.randomUUID().toString(), 3, InstancePhase.INSTANCE_PHASE_RUNNING);
        agent.connect();
        controller.settle();
        assertThat(agent.takeCommands()).isEmpty();
    }

    @Test
    void aStaleInstanceIsKilled() {
        TestAgent agent = controller.connected("h1");
        Command start = running(agent, "web");
        agent.exits(start, CRASH);
        controller.settle();
        agent.disconnect();
        TestAgent again = controller.agent("h1").has(start.getVmId(), 1, InstancePhase.INSTANCE_PHASE_RUNNING);
        again.connect();
        controller.settle();
        Command kill = onlyCommand(again);
        assertThat(kill.hasKill()).isTrue();
        assertThat(kill.getIncarnation()).isEqualTo(1);
    }

    @Test
    void refusesHostsOfAnotherClusterAndASecondBootOfALiveHost() {
        TestAgent stranger =
                controller.agent("h9").clusterUuid(UUID.randomUUID().toString());
        stranger.connect();
        controller.connected("h1");
        TestAgent twin = controller.agent("h1").bootId("boot-2");
        twin.connect();
        controller.settle();
        assertThat(stranger.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_WRONG_CLUSTER);
        assertThat(twin.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_HOST_ID_IN_USE);
    }

    @Test
    void aCordonedHostTakesNoNewVm() {
        TestAgent agent = controller.connected("h1");
        controller.call(HostOperations.cordon(
                CordonHostRequest.newBuilder().setHost("h1").setCordoned(true).build()));
        controller.apply(TestController.job("web", 1));
        controller.settle();
        assertThat(agent.takeCommands()).isEmpty();
        controller.call(HostOperations.cordon(
                CordonHostRequest.newBuilder().setHost("h1").build()));
        controller.settle();
        assertThat(onlyCommand(agent).hasStart()).isTrue();
    }

    @Test
    void stoppingAStoppedVmChangesNothing() {
        TestAgent agent = controller.connected("h1");
        agent.exits(running(agent, "web"), SHUTDOWN);
        controller.settle();
        CompletableFuture<ByteString> answer = controller.call(vmControl("web-0", ControlAction.CONTROL_ACTION_STOP));
        controller.settle();
        assertThat(answer).isCompleted();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_STOPPED);
    }

    @Test
    void aLeaderThatCannotWriteGivesUpAfterFourSeconds() {
        TestAgent agent = controller.connected("h1");
        controller.store.setConnected(false);
        controller.pass(3_500);
        assertThat(agent.closedFor()).isEmpty();
        controller.pass(2_000);
        assertThat(agent.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_NOT_LEADER);
    }

    @Test
    void aFollowerNamesTheLeader() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController leader = new TestController(cluster, time, "c1");
        leader.loop.start();
        leader.settle();
        TestController follower = new TestController(cluster, time, "c2");
        follower.loop.start();
        CompletableFuture<ByteString> answer = follower.apply(TestController.job("web", 1));
        follower.settle();
        assertThatThrownBy(answer::join)
                .cause()
                .isInstanceOfSatisfying(
                        KelpieException.class, e -> assertThat(e.metadata()).containsEntry("leader", "c1:7400"));
    }

    @Test
    void aClockThatIsSetBackDoesNotHoldAVmBack() {
        TestAgent agent = controller.connected("h1");
        Command start = running(agent, "web");
        controller.time.jumpWall(TimeUnit.HOURS.toMillis(1));
        agent.exits(start, CRASH);
        controller.settle();
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);
        controller.time.jumpWall(-TimeUnit.HOURS.toMillis(1));

        assertThat(nextStart(agent).getIncarnation()).isEqualTo(start.getIncarnation() + 1);
    }

    @Test
    void aClockThatIsSetBackDoesNotKeepAHostOut() {
        TestAgent agent = controller.connected("h1");
        controller.apply(TestController.job("web", 1));
        controller.settle();
        controller.time.jumpWall(TimeUnit.HOURS.toMillis(1));
        agent.refuse(onlyCommand(agent), "no memory");
        controller.settle();
        controller.time.jumpWall(-TimeUnit.HOURS.toMillis(1));

        assertThat(nextStart(agent).getIncarnation()).isEqualTo(2);
    }

    private Command running(TestAgent agent, String job) {
        controller.apply(TestController.job(job, 1));
        controller.settle();
        Command start = onlyCommand(agent);
        agent.accept(start);
        agent.runs(start);
        controller.settle();
        assertThat(controller.state(job + "-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        return start;
    }

    /** Lets the backoff pass. */
    private Command nextStart(TestAgent agent) {
        for (int i = 0; i < 100; i++) {
            controller.pass(500);
            List<Command> commands = agent.takeCommands();
            if (!commands.isEmpty()) {
                assertThat(commands).singleElement().matches(Command::hasStart);
                return commands.get(0);
            }
        }
        throw new AssertionError("no start within 50 s");
    }

    private void scale(String job, int replicas) {
        controller.call(JobOperations.scale(ScaleJobRequest.newBuilder()
                .setNamespace("default")
                .setName(job)
                .setReplicas(replicas)
                .build()));
        controller.settle();
    }

    private ApplyJobResponse applySettled(JobSpec spec) {
        CompletableFuture<ByteString> answer = controller.apply(spec);
        controller.settle();
        return TestController.applied(answer);
    }

    private static Operation vmControl(String vm, ControlAction action) {
        return VmOperations.control(ControlVmRequest.newBuilder()
                .setNamespace("default")
                .setName(vm)
                .setAction(action)
                .build());
    }

    private static Command onlyCommand(TestAgent agent) {
        List<Command> commands = agent.takeCommands();
        assertThat(commands).hasSize(1);
        return commands.get(0);
    }

    private static ErrorReason reason(CompletableFuture<ByteString> answer) {
        try {
            answer.join();
        } catch (CompletionException e) {
            return ((KelpieException) Objects.requireNonNull(e.getCause())).reason();
        }
        throw new AssertionError("the call was not refused");
    }
}
