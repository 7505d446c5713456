package io.kelpie.agent.instance;

import static io.kelpie.agent.instance.TestHost.id;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_EXITED;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_PREPARING;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_REJECTED;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_RUNNING;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_STARTING;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_STOPPING;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.CommandAck.Outcome;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Power;
import io.kelpie.proto.v1.RootDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceManagerTest {
    @TempDir
    Path folder;

    private TestHost host;

    @BeforeEach
    void makeHost() throws IOException {
        host = new TestHost(folder);
    }

    // ---- start

    @Test
    void aStartIsAcknowledgedAndReportedUntilTheGuestRuns() {
        host.send(host.start(1));

        assertThat(host.stream.acks).hasSize(1);
        CommandAck ack = host.stream.lastAck();
        assertThat(ack.getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        assertThat(ack.getSequence()).isEqualTo(10);
        assertThat(host.stream.phases())
                .containsExactly(INSTANCE_PHASE_PREPARING, INSTANCE_PHASE_STARTING, INSTANCE_PHASE_RUNNING);
        InstanceReport running = host.stream.lastReport();
        assertThat(running.getPid()).isEqualTo(1000);
        assertThat(running.getPower()).isEqualTo(Power.POWER_RUNNING);
        assertThat(running.getAccelerator()).isEqualTo("tcg");
        assertThat(running.getDriver()).isEqualTo(DriverChoice.DRIVER_CHOICE_QEMU);
        assertThat(running.getVmName()).isEqualTo("web-0");
        assertThat(host.stream.reports)
                .extracting(InstanceReport::getSequence)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(host.observer.started).isEqualTo(1);
    }

    @Test
    void theLedgerKnowsAStartBeforeItIsAcknowledgedAndItsHandleBeforeItIsStarted() throws IOException {
        host.loop.hold("prepare");
        host.send(host.start(1));
        assertThat(host.stream.acks).hasSize(1);
        assertThat(host.ledger.load().entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.launch()).isEmpty());

        host.loop.hold("start");
        host.loop.release("prepare");
        assertThat(host.driver.calls).isEmpty();
        assertThat(host.ledger.load().entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.launch()).isPresent());
        assertThat(host.stream.phases()).endsWith(INSTANCE_PHASE_STARTING);
    }

    @Test
    void nothingIsAcknowledgedNorListedBeforeTheLedgerHasIt() {
        host.loop.hold("record");
        host.send(host.start(1));
        assertThat(host.stream.acks).isEmpty();

        TestHost.Stream second = host.hello();
        assertThat(host.hello).isEmpty();
        host.send(host.start(1));
        host.loop.release("record");
        assertThat(second.acks).hasSize(1);
        assertThat(host.driver.calls).containsExactly("start " + id(1));
    }

    @Test
    void aRepeatedStartIsAnsweredAgainAndNotDoneAgain() {
        host.send(host.start(1));
        host.send(host.start(1));

        assertThat(host.stream.acks).extracting(CommandAck::getOutcome).containsOnly(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.stream.acks).hasSize(2);
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.driver.calls).containsExactly("start " + id(1));
    }

    @Test
    void aCommandOfAnEndedEpochIsNotAnsweredAndDoesNotSpoilTheIncarnation() {
        Command late = host.start(1);
        host.epoch = 8;
        host.send(late);
        assertThat(host.stream.acks).isEmpty();
        assertThat(host.driver.calls).isEmpty();

        host.send(host.start(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
    }

    @Test
    void commandsOfAnEarlierStreamAreDropped() {
        TestHost.Stream old = host.stream;
        host.hello();
        host.manager.execute(host.start(1), old);
        host.loop.settle();

        assertThat(old.acks).isEmpty();
        assertThat(host.stream.acks).isEmpty();
        assertThat(host.driver.calls).isEmpty();
    }

    @Test
    void anAnswerNeverGoesToAnotherStreamThanItsCommandCameBy() {
        host.loop.hold("refuse");
        host.send(host.stop(4));
        host.hello();
        host.loop.release("refuse");
        assertThat(host.stream.acks).isEmpty();
    }

    @Test
    void anOlderIncarnationIsRefused() {
        host.send(host.start(5));
        host.send(host.start(4));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        assertThat(host.driver.calls).containsExactly("start " + id(5));
    }

    @Test
    void asLongAsAnInstanceMayRunANewerOneIsRefusedForGood() throws IOException {
        host.send(host.start(1));
        host.send(host.start(2));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        assertThat(host.stream.lastAck().getMessage()).contains(id(1).toString());

        host.driver.exit(id(1), ExitInfo.Cause.GUEST_SHUTDOWN, 0);
        host.loop.settle();
        host.send(host.start(2));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        host.restart();
        host.send(host.start(2));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        host.send(host.start(3));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.processes.running()).containsExactly(id(3));
    }

    @Test
    void aFaultOfTheSpecIsReportedWithItsField() {
        host.provisioner.rejection = new StartRejectedException("spec.vm.boot.image.file", "the file is missing", null);
        host.send(host.start(1));

        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        InstanceReport report = host.stream.lastReport();
        assertThat(report.getPhase()).isEqualTo(INSTANCE_PHASE_REJECTED);
        assertThat(report.getField()).isEqualTo("spec.vm.boot.image.file");
        assertThat(report.getExit().getMessage()).isEqualTo("the file is missing");
        assertThat(host.driver.calls).isEmpty();
    }

    @Test
    void aVmWithDevicesIsRefusedByNameOfTheField() {
        host.send(host.start(
                1,
                TestHost.template()
                        .addDevices(DeviceRequest.newBuilder().setKind("gpu").setCount(2))
                        .build()));

        InstanceReport report = host.stream.lastReport();
        assertThat(report.getPhase()).isEqualTo(INSTANCE_PHASE_REJECTED);
        assertThat(report.getField()).isEqualTo("spec.vm.devices");
        assertThat(report.getExit().getMessage()).contains("2 of kind gpu").contains("Fix: ");
        assertThat(host.driver.calls).isEmpty();
    }

    @Test
    void kvmIsNotReplacedSilently() {
        host.send(host.start(
                1,
                TestHost.template()
                        .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_KVM))
                        .build()));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_REJECTED);
        assertThat(host.stream.lastReport().getField()).isEqualTo("spec.vm.acceleration.mode");
    }

    @Test
    void aStartThatFailsIsReportedWithWhatTheHypervisorWrote() {
        host.driver.startFailure = new DriverException("qemu ended with code 1", "qemu: bad kernel", null);
        host.send(host.start(1));

        InstanceReport report = host.stream.lastReport();
        assertThat(report.getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(report.getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_START_FAILED);
        assertThat(report.getExit().getStderrTail()).isEqualTo("qemu: bad kernel");
        assertThat(report.getExit().getHostId()).isEqualTo("host-1");
        assertThat(host.observer.startFailed).isEqualTo(1);
    }

    @Test
    void afterADefectOfItsDriverAnInstanceIsLookedFor() {
        host.driver.startDefect = new IllegalStateException("oops");
        host.send(host.start(1));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.driver.calls).containsExactly("start " + id(1), "adopt " + id(1));
    }

    @Test
    void progressIsReportedAtMostOnceASecond() {
        host.provisioner.progress.addAll(List.of("1 of 3 GiB", "2 of 3 GiB", "3 of 3 GiB"));
        host.send(host.start(1));
        assertThat(host.stream.reports)
                .extracting(InstanceReport::getProgress)
                .filteredOn(text -> !text.isEmpty())
                .containsExactly("1 of 3 GiB");
    }

    @Test
    void oneHungInstanceDelaysNoOther() {
        host.loop.hold("prepare " + id(1));
        host.send(host.start(1));
        Command other = host.start(1).toBuilder()
                .setVmId("99999999-2222-8333-8444-555555555555")
                .build();
        host.send(other);
        assertThat(host.stream.lastReport().getVmId()).isEqualTo(other.getVmId());
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
    }

    @Test
    void aLedgerThatCannotBeWrittenRefusesTheStart() throws IOException {
        Files.createDirectories(folder.resolve("instances"));
        Files.writeString(folder.resolve("instances/" + TestHost.VM), "not a folder");
        host.send(host.start(1));
        // Not even the refusal can be recorded, so nobody is told of one.
        assertThat(host.stream.acks).isEmpty();
        assertThat(host.driver.calls).isEmpty();
    }

    // ---- ends

    @Test
    void aGuestThatShutsDownIsReported() {
        host.send(host.start(1));
        host.driver.exit(id(1), ExitInfo.Cause.GUEST_SHUTDOWN, 0);
        host.loop.settle();

        InstanceReport report = host.stream.lastReport();
        assertThat(report.getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(report.getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_GUEST_SHUTDOWN);
        assertThat(report.getPid()).isZero();
        assertThat(host.observer.exits).containsExactly(InstanceEnd.Reason.GUEST_SHUTDOWN);
    }

    @Test
    void aKilledHypervisorIsACrash() {
        host.send(host.start(1));
        host.driver.exit(id(1), ExitInfo.Cause.CRASHED, 9);
        host.loop.settle();
        assertThat(host.stream.lastReport().getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_CRASHED);
        assertThat(host.stream.lastReport().getExit().getSignal()).isEqualTo(9);
    }

    @Test
    void aPausedGuestIsReported() {
        host.send(host.start(1));
        host.driver.power(id(1), InstanceStatus.Power.PAUSED);
        host.loop.settle();
        assertThat(host.stream.lastReport().getPower()).isEqualTo(Power.POWER_PAUSED);
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
    }

    // ---- stop

    @Test
    void aStopReportsTheRungThatWorked() {
        host.send(host.start(1));
        host.driver.stopRung = StopRung.QUIT;
        host.send(host.stop(1));

        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.stream.phases()).endsWith(INSTANCE_PHASE_STOPPING, INSTANCE_PHASE_EXITED);
        assertThat(host.stream.lastReport().getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_STOPPED);
        assertThat(host.stream.lastReport().getExit().getRung()).isEqualTo(io.kelpie.proto.v1.StopRung.STOP_RUNG_QUIT);
        assertThat(host.driver.calls).contains("stop " + id(1) + " 30");
    }

    @Test
    void aRepeatedStopIsAnsweredAndClimbsOneLadder() {
        host.send(host.start(1));
        host.loop.hold("stop");
        host.send(host.stop(1));
        host.send(host.stop(1));
        host.loop.release("stop");
        host.send(host.stop(1));

        assertThat(host.stream.acks)
                .hasSize(4)
                .extracting(CommandAck::getOutcome)
                .containsOnly(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.driver.calls).containsExactly("start " + id(1), "stop " + id(1) + " 30");
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
    }

    @Test
    void aKillOvertakesAStop() {
        host.send(host.start(1));
        host.loop.hold("stop");
        host.send(host.stop(1));
        host.send(host.kill(1));

        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.stream.lastReport().getExit().getRung()).isEqualTo(io.kelpie.proto.v1.StopRung.STOP_RUNG_KILL);
        host.loop.release("stop");
        assertThat(host.stream.phases()).endsWith(INSTANCE_PHASE_EXITED);
    }

    @Test
    void aStopWhileItPreparesEndsItBeforeItsHypervisorExists() {
        host.loop.hold("prepare");
        host.send(host.start(1));
        host.send(host.stop(1));

        InstanceReport report = host.stream.lastReport();
        assertThat(report.getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(report.getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_STOPPED);
        assertThat(report.getExit().getRung()).isEqualTo(io.kelpie.proto.v1.StopRung.STOP_RUNG_ALREADY_GONE);
        host.loop.release("prepare");
        assertThat(host.driver.calls).isEmpty();
    }

    @Test
    void aStopWhileTheHypervisorIsStartedIsDoneAfterwards() {
        host.loop.hold("start");
        host.send(host.start(1));
        host.send(host.stop(1));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_STOPPING);
        host.loop.release("start");
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.processes.running()).isEmpty();
    }

    @Test
    void aKillBeforeTheHypervisorExistsIsRepeatedOnceItDoes() {
        host.loop.hold("start");
        host.send(host.start(1));
        host.send(host.kill(1));
        assertThat(host.driver.calls).containsExactly("kill " + id(1));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_STOPPING);

        host.loop.release("start");
        assertThat(host.processes.running()).isEmpty();
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
    }

    @Test
    void anEarlyKillThatAnswersLateDoesNotPassForTheEnd() {
        host.loop.hold("start");
        host.send(host.start(1));
        host.loop.hold("kill");
        host.send(host.kill(1));
        host.loop.release("start");
        assertThat(host.processes.running()).containsExactly(id(1));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_STOPPING);
        host.loop.release("kill");
        assertThat(host.processes.running()).isEmpty();
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
    }

    @Test
    void aStopThatFailsIsToldAndTriedAgain() {
        host.send(host.start(1));
        host.driver.stopFailure = new DriverException("pid 1000 does not end");
        host.send(host.stop(1));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_STOPPING);
        assertThat(host.stream.lastReport().getProgress()).contains("pid 1000 does not end");

        host.driver.stopFailure = null;
        host.loop.advance(Duration.ofSeconds(10));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
    }

    @Test
    void anExitIsToldEvenIfTheLadderHangs() {
        host.send(host.start(1));
        host.loop.hold("stop");
        host.send(host.stop(1));
        host.driver.exit(id(1), ExitInfo.Cause.COMMANDED, 0);
        host.loop.advance(Duration.ofSeconds(10));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.stream.lastReport().getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_STOPPED);
    }

    @Test
    void aStopOfAnUnknownInstanceIsRefusedAndKeepsItFromStartingLater() throws IOException {
        host.send(host.stop(3));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        host.restart();
        host.send(host.start(3));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        assertThat(host.driver.calls).isEmpty();
    }

    @Test
    void aCommandThatNamesNothingIsRefused() {
        host.send(Command.newBuilder()
                .setEpoch(7)
                .setVmId("../x")
                .setIncarnation(1)
                .build());
        host.send(host.command(0).build());
        host.send(host.command(1).build());
        assertThat(host.stream.acks)
                .hasSize(3)
                .extracting(CommandAck::getOutcome)
                .containsOnly(Outcome.OUTCOME_REFUSED);
    }

    // ---- forget

    @Test
    void aRunningInstanceIsNotForgotten() {
        host.send(host.start(1));
        host.send(host.forget(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        // It answers a forget, and must not pass for the answer to a stop.
        assertThat(host.stream.lastAck().getForgotten()).isTrue();
        assertThat(host.processes.running()).containsExactly(id(1));
    }

    @Test
    void aForgottenInstanceLeavesNothingButItsNumber() throws IOException {
        host.send(host.start(1));
        Files.writeString(host.folders.serialLog(TestHost.VM), "hello");
        host.send(host.kill(1));
        host.send(host.forget(1));

        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.stream.lastAck().getForgotten()).isTrue();
        assertThat(host.provisioner.own).isEmpty();
        try (var left = Files.list(host.folders.vm(TestHost.VM))) {
            assertThat(left).extracting(path -> path.getFileName().toString()).containsExactly("highest");
        }
        host.restart();
        assertThat(host.hello).isEmpty();
        host.send(host.start(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        assertThat(host.observer.phases.values()).containsOnly(0);
    }

    @Test
    void keptDisksStayUntilTheirDeletionIsAskedFor() throws IOException {
        host.send(host.start(
                1,
                TestHost.template().setRoot(RootDisk.newBuilder().setKeep(true)).build()));
        assertThat(host.stream.lastReport().getKeptDisks()).isTrue();
        Files.writeString(host.folders.serialLog(TestHost.VM), "hello");
        host.send(host.kill(1));
        host.send(host.forget(1));
        assertThat(host.provisioner.kept).containsExactly(TestHost.VM);
        assertThat(host.folders.serialLog(TestHost.VM)).exists();

        // A later instance knows of them from its first report.
        host.loop.hold("prepare");
        host.send(host.start(2));
        assertThat(host.stream.lastReport().getKeptDisks()).isTrue();
        host.send(host.kill(2));
        host.loop.release("prepare");

        host.send(host.forgetWithDisks(2));
        assertThat(host.provisioner.kept).isEmpty();
        assertThat(host.folders.serialLog(TestHost.VM)).doesNotExist();
    }

    @Test
    void keptDisksOfAVmWithoutInstancesAreDeletedToo() {
        host.provisioner.kept.add(TestHost.VM);
        host.send(host.forgetWithDisks(4));
        assertThat(host.stream.lastAck().getForgotten()).isTrue();
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.provisioner.kept).isEmpty();
        host.send(host.start(4));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
    }

    @Test
    void disksInUseAreNotDeletedWithAnEarlierInstance() {
        host.send(host.start(1));
        host.send(host.kill(1));
        host.send(host.start(2));
        host.send(host.forgetWithDisks(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        host.send(host.forget(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
        assertThat(host.processes.running()).containsExactly(id(2));
    }

    @Test
    void filesThatCannotBeRemovedAreNotForgotten() {
        host.send(host.start(1));
        host.send(host.kill(1));
        host.provisioner.removeFailure = new IOException("disk error");
        host.send(host.forget(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
        // It answers a forget, and must not pass for the answer to a stop.
        assertThat(host.stream.lastAck().getForgotten()).isTrue();
        host.provisioner.removeFailure = null;
        host.send(host.forget(1));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(Outcome.OUTCOME_ACCEPTED);
    }
}
