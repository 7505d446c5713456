package io.kelpie.agent.instance;

import static io.kelpie.agent.instance.TestHost.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LeaseBond;
import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.Lease.Question;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseBarrierTest {
    @TempDir
    Path folder;

    private TestHost host;
    private long lineage;

    @BeforeEach
    void lease() throws IOException {
        host = new TestHost(folder);
        lineage = host.leaseGranted();
    }

    private InstanceReport reported(long incarnation) {
        return host.manager.attach(host.stream).stream()
                .filter(report -> report.getIncarnation() == incarnation)
                .findFirst()
                .orElseThrow();
    }

    private Question question() {
        Question question = host.lease.ask();
        host.loop.settle();
        return question;
    }

    // ---- starts -----------------------------------------------------------------------------------------------------

    @Test
    void aLeasedInstanceIsBoundToTheLineageOfItsCommand() {
        host.send(host.startLeased(1, lineage));
        assertThat(host.processes.running()).containsExactly(id(1));
        assertThat(host.driver.specs)
                .singleElement()
                .satisfies(spec -> assertThat(spec.lease()).contains(new LeaseBond(host.deadline.path(), lineage)));
        assertThat(host.stream.lastReport()).satisfies(report -> {
            assertThat(report.getLeased()).isTrue();
            assertThat(report.getNamespace()).isEqualTo("default");
            assertThat(report.getJob()).isEqualTo("web");
            assertThat(report.getVcpus()).isEqualTo(1);
            assertThat(report.getMemoryMib()).isEqualTo(16);
        });
    }

    @Test
    void anUnleasedInstanceIsBoundToNothing() {
        host.send(host.start(1));
        assertThat(host.driver.specs)
                .singleElement()
                .satisfies(spec -> assertThat(spec.lease()).isEmpty());
    }

    @Test
    void aStartUnderAnotherLineageIsDroppedWithoutAWord() throws IOException {
        host.send(host.startLeased(1, lineage - 1));
        host.send(host.startLeased(1, lineage + 1));
        host.send(host.startLeased(1, 0));
        assertThat(host.stream.acks).isEmpty();
        assertThat(host.stream.reports).isEmpty();
        assertThat(host.ledger.load().entries()).isEmpty();
        assertThat(host.ledger.load().highest()).isEmpty();
        host.send(host.startLeased(1, lineage));
        assertThat(host.processes.running())
                .as("it was not refused, so it may come again")
                .containsExactly(id(1));
    }

    @Test
    void aStartIsDroppedWhenTheLeaseIsTooShort() {
        host.loop.advance(Duration.ofSeconds(10));
        host.send(host.startLeased(1, lineage));
        assertThat(host.stream.acks).isEmpty();
        assertThat(host.leaseGranted()).isEqualTo(lineage);
        host.send(host.startLeased(1, lineage));
        assertThat(host.processes.running()).containsExactly(id(1));
    }

    @Test
    void aStartThatComesRightAfterItsGrantWaitsUntilGuardsCanReadTheGrant() {
        host.loop.advance(Duration.ofSeconds(12));
        host.loop.hold("write the deadline");
        Question opening = host.lease.ask();
        host.lease.granted(host.grant(opening).build(), host.epoch);
        host.send(host.startLeased(1, opening.lineage()));
        assertThat(host.stream.acks).isEmpty();
        host.loop.release("write the deadline");
        assertThat(host.processes.running()).containsExactly(id(1));
        assertThat(host.stream.acks).hasSize(1);
    }

    @Test
    void aStartThatWaitsForItsGrantIsDroppedWithItsStreamAndWithTheLease() {
        host.loop.hold("write the deadline");
        host.loop.advance(Duration.ofSeconds(11));
        host.lease.granted(host.grant(host.lease.ask()).build(), host.epoch);
        host.send(host.startLeased(1, lineage));
        host.hello();
        host.send(host.startLeased(2, lineage));
        host.stoodStill = Duration.ofSeconds(2);
        host.loop.release("write the deadline");
        assertThat(host.driver.specs).isEmpty();
        assertThat(host.stream.acks).isEmpty();
    }

    @Test
    void aStartThatWaitedLooksAtTheLeaseAgainRightBeforeTheHypervisor() {
        host.loop.hold("start");
        host.send(host.startLeased(1, lineage));
        host.loop.advance(Duration.ofSeconds(11));
        host.loop.release("start");
        assertThat(host.processes.running()).as("1 s is left").isEmpty();
        host.leaseGranted();
        host.loop.advance(Duration.ofSeconds(1));
        assertThat(host.processes.running()).containsExactly(id(1));
    }

    @Test
    void aStartThatWaitedWhileTheProcessStoodStillStartsNothing() {
        host.loop.hold("start");
        host.send(host.startLeased(1, lineage));
        host.stoodStill = Duration.ofSeconds(60);
        host.loop.release("start");
        assertThat(host.driver.specs).isEmpty();
        host.loop.advance(Duration.ofSeconds(13));
        assertThat(reported(1).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
        assertThat(host.driver.specs).isEmpty();
    }

    @Test
    void aStartThatItsGuardRefusesHasEndedWithTheLease() {
        host.driver.startEnd = ExitInfo.Cause.LEASE_ENDED;
        host.driver.startFailure = new DriverException("the guard ended");
        host.send(host.startLeased(1, lineage));
        assertThat(host.stream.lastReport().getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
        assertThat(host.observer.startFailed).isZero();
    }

    @Test
    void aGuardThatEndsItsHypervisorIsReportedAsTheLeasesEnd() {
        host.send(host.startLeased(1, lineage));
        host.driver.exit(id(1), ExitInfo.Cause.LEASE_ENDED, 9);
        host.loop.settle();
        assertThat(host.stream.lastReport().getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
    }

    // ---- the barrier ------------------------------------------------------------------------------------------------

    @Test
    void aLapseEndsAllLeasedInstancesAndNoOther() throws IOException {
        UUID other = UUID.fromString("11111111-2222-8333-8444-666666666666");
        host.send(host.startLeased(1, lineage));
        Command unleased = host.start(1).toBuilder().setVmId(other.toString()).build();
        host.send(unleased);
        host.loop.advance(Duration.ofSeconds(12));

        assertThat(host.processes.running()).containsExactly(new InstanceId(other, 1));
        assertThat(reported(1).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
        assertThat(host.deadline().end()).isEqualTo(new Deadline.End.None());
        assertThat(host.deadline().lineage()).isGreaterThan(lineage);
        assertThat(question()).satisfies(asked -> {
            assertThat(asked.opens()).isTrue();
            assertThat(asked.lineage()).isGreaterThan(host.deadline().lineage());
        });
        assertThat(host.leaseGranted()).as("that question was not granted").isZero();
        host.lease.streamEnded();
        assertThat(host.leaseGranted()).isGreaterThan(lineage);
        host.send(host.startLeased(2, lineage));
        assertThat(host.driver.specs).as("the old lineage starts nothing").hasSize(2);
    }

    @Test
    void aProcessThatStoodStillEndsItsInstancesFirst() {
        host.send(host.startLeased(1, lineage));
        host.stoodStill = Duration.ofSeconds(60);
        host.send(host.startLeased(2, lineage));
        assertThat(host.processes.running()).isEmpty();
        assertThat(host.stream.acks).as("of the first start alone").hasSize(1);
    }

    @Test
    void aStartIsEndedWhereverItIs() {
        for (String stage : new String[] {"record", "prepare", "start"}) {
            host.loop.hold(stage);
            long incarnation = 1
                    + host.driver.specs.size()
                    + host.manager.attach(host.stream).size();
            host.send(host.startLeased(incarnation, host.lease.heldLineage()));
            int lapsesBefore = host.lapses;
            host.loop.advance(Duration.ofSeconds(12));
            assertThat(host.lapses).isEqualTo(lapsesBefore + 1);
            host.loop.release(stage);
            host.loop.advance(Duration.ofSeconds(1));
            assertThat(reported(incarnation).getExit().getReason())
                    .as(stage)
                    .isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
            assertThat(host.processes.running()).as(stage).isEmpty();
            host.lease.streamEnded();
            assertThat(host.leaseGranted()).as(stage).isPositive();
        }
    }

    @Test
    void aStartUnderWayKeepsTheHostBehindTheBarrier() {
        host.loop.hold("start");
        host.send(host.startLeased(1, lineage));
        host.loop.advance(Duration.ofSeconds(20));
        assertThat(question().lineage()).isZero();
        host.loop.release("start");
        host.loop.advance(Duration.ofSeconds(1));
        assertThat(question().opens()).isTrue();
    }

    @Test
    void anInstanceThatCannotBeKilledKeepsTheHostBehindTheBarrierAndSaysWhy() {
        host.send(host.startLeased(1, lineage));
        host.driver.stopFailure = new DriverException("it is stuck in the kernel");
        host.loop.advance(Duration.ofSeconds(60));
        assertThat(question().lineage()).isZero();
        assertThat(reported(1)).satisfies(report -> {
            assertThat(report.getPhase()).isEqualTo(InstancePhase.INSTANCE_PHASE_STOPPING);
            assertThat(report.getProgress()).contains("it is stuck in the kernel");
        });
        long kills = host.driver.calls.stream()
                .filter(call -> call.startsWith("kill"))
                .count();
        assertThat(kills).as("tried again and again, ever more slowly").isBetween(8L, 30L);

        host.driver.stopFailure = null;
        host.loop.advance(Duration.ofSeconds(10));
        assertThat(host.processes.running()).isEmpty();
        assertThat(question().opens()).isTrue();
    }

    @Test
    void nothingIsAskedBeforeGuardsCanReadTheLapse() throws IOException {
        host.loop.hold("write the deadline");
        host.loop.advance(Duration.ofSeconds(13));
        assertThat(question().lineage()).isZero();
        host.loop.release("write the deadline");
        assertThat(question().opens()).isTrue();
        assertThat(host.deadline().end()).isEqualTo(new Deadline.End.None());
    }

    @Test
    void aDeadlineThatCannotBeWrittenLetsTheLeaseLapse() throws IOException {
        host.send(host.startLeased(1, lineage));
        Path blocker = Path.of(host.deadline.path() + ".tmp");
        Files.createDirectory(blocker);
        for (int i = 0; i < 13; i++) {
            host.loop.advance(Duration.ofSeconds(1));
            host.lease.granted(host.grant(host.lease.ask()).build(), host.epoch);
            host.loop.settle();
        }
        assertThat(host.processes.running()).isEmpty();
        assertThat(question().lineage()).isZero();
        Files.delete(blocker);
        host.loop.advance(Duration.ofSeconds(1));
        assertThat(question().opens()).isTrue();
    }

    @Test
    void whileLeasesAreGrantedNothingEnds() {
        host.send(host.startLeased(1, lineage));
        for (int i = 0; i < 100; i++) {
            host.loop.advance(Duration.ofSeconds(1));
            assertThat(host.leaseGranted()).isEqualTo(lineage);
        }
        assertThat(host.processes.running()).containsExactly(id(1));
        assertThat(host.lapses).as("the first one began the test").isEqualTo(1);
    }

    // ---- restarts of the agent --------------------------------------------------------------------------------------

    @Test
    void anAgentStartedAnewWithinTheLeaseGoesOn() throws IOException {
        host.send(host.startLeased(1, lineage));
        host.loop.advance(Duration.ofSeconds(11));
        host.restart();
        assertThat(host.lease.heldLineage()).isEqualTo(lineage);
        assertThat(host.leaseGranted()).isEqualTo(lineage);
        host.loop.advance(Duration.ofSeconds(11));
        assertThat(host.processes.running()).containsExactly(id(1));
        assertThat(reported(1).getLeased()).isTrue();
    }

    @Test
    void anAgentStartedAnewAfterTheLapseEndsWhatIsLeft() throws IOException {
        host.send(host.startLeased(1, lineage));
        host.loop.crash();
        host.stoodStill = Duration.ofSeconds(12);
        host.restart();
        host.loop.settle();
        assertThat(host.processes.running()).isEmpty();
        assertThat(reported(1).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
        assertThat(question().opens()).isTrue();
    }

    @Test
    void whatADriverCannotFindYetKeepsTheBarrierClosed() throws IOException {
        host.send(host.startLeased(1, lineage));
        host.loop.hold("adopt");
        host.loop.hold("kill");
        host.stoodStill = Duration.ofSeconds(12);
        host.restart();
        host.loop.advance(Duration.ofSeconds(6));
        assertThat(question().lineage()).isZero();
        host.loop.release("adopt");
        host.loop.release("kill");
        host.loop.advance(Duration.ofSeconds(6));
        assertThat(host.processes.running()).isEmpty();
        assertThat(question().opens()).isTrue();
    }

    /** Whether it was leased is lost with its entry; its guard knows, and reads that its lineage has ended. */
    @Test
    void anInstanceWhoseEntryIsDamagedIsLeftToItsGuard() throws IOException {
        host.send(host.startLeased(1, lineage));
        Files.writeString(host.folders.instance(id(1)).resolve("entry"), "");
        host.restart();
        host.loop.advance(Duration.ofSeconds(13));
        assertThat(question().opens()).isTrue();
        assertThat(host.deadline().end()).isEqualTo(new Deadline.End.None());
        assertThat(host.deadline().lineage()).isGreaterThan(lineage);
        host.leaseGranted();
        assertThat(host.deadline().lineage()).isGreaterThan(lineage);
        assertThat(reported(1).getPhase()).isEqualTo(InstancePhase.INSTANCE_PHASE_RUNNING);
    }

    @Test
    void afterABootNothingIsLeftAndANewLeaseIsAskedFor() throws IOException {
        host.send(host.startLeased(1, lineage));
        host.processes.all.clear();
        host.bootId = "boot-2";
        host.restart();
        host.loop.settle();
        assertThat(reported(1).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LOST);
        assertThat(question().opens()).isTrue();
    }

    @Test
    void aLeasedInstanceThatWasOrderedToStopStillCountsAsStopped() {
        host.send(host.startLeased(1, lineage));
        host.loop.hold("stop");
        host.send(host.stop(1));
        host.loop.advance(Duration.ofSeconds(12));
        assertThat(host.processes.running()).isEmpty();
        assertThat(reported(1).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_STOPPED);
    }

    // ---- freezes ----------------------------------------------------------------------------------------------------

    @Test
    void aFrozenHostKeepsItsInstances() throws IOException {
        host.send(host.startLeased(1, lineage));
        host.lease.granted(host.grant(host.lease.ask()).setUntilThaw(true).build(), host.epoch);
        host.loop.settle();
        host.loop.advance(Duration.ofHours(1));
        host.restart();
        assertThat(host.processes.running()).containsExactly(id(1));
        assertThat(question().untilThaw()).isTrue();
        host.leaseGranted();
        assertThat(question().untilThaw()).isFalse();
        host.loop.advance(Duration.ofSeconds(13));
        assertThat(host.processes.running()).isEmpty();
    }

    // ---- what a lineage must not forget -----------------------------------------------------------------------------

    private void forgotten() throws IOException {
        host.send(host.startLeased(1, lineage));
        host.driver.exit(id(1), ExitInfo.Cause.CRASHED, 9);
        host.loop.settle();
        host.send(host.forget(1));
        Path number = host.folders.vm(TestHost.VM).resolve("highest");
        Files.setLastModifiedTime(number, FileTime.fromMillis(host.loop.wallMillis()));
    }

    /** The lease goes on for so long, by way of a freeze, which needs no grants. */
    private void goesOnFor(Duration duration) {
        host.lease.granted(host.grant(host.lease.ask()).setUntilThaw(true).build(), host.epoch);
        host.loop.advance(duration);
        host.leaseGranted();
    }

    @Test
    void aForgottenInstanceIsNotStartedAgainHoweverLongTheLineageLasts() throws IOException {
        forgotten();
        goesOnFor(Duration.ofHours(26));
        assertThat(host.lease.heldLineage()).isEqualTo(lineage);
        assertThat(host.ledger.load().highest()).containsEntry(TestHost.VM, 1L);
        host.send(host.startLeased(1, lineage));
        assertThat(host.processes.running()).isEmpty();
    }

    @Test
    void anOldNumberOfAnEarlierLineageIsForgotten() throws IOException {
        forgotten();
        goesOnFor(Duration.ofHours(2));
        host.loop.advance(Duration.ofSeconds(12));
        assertThat(host.leaseGranted()).isGreaterThan(lineage);
        goesOnFor(Duration.ofHours(24));
        assertThat(host.ledger.load().highest()).isEmpty();
    }
}
