package io.kelpie.agent.instance;

import static io.kelpie.agent.instance.TestHost.id;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_EXITED;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_RUNNING;
import static io.kelpie.proto.v1.InstancePhase.INSTANCE_PHASE_STARTING;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstanceReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdoptionTest {
    @TempDir
    Path folder;

    private TestHost host;

    @BeforeEach
    void makeHost() throws IOException {
        host = new TestHost(folder);
    }

    @Test
    void aRunningInstanceIsFoundAgainWithTheSamePid() throws IOException {
        host.send(host.start(1));
        long lastSequence = host.stream.lastReport().getSequence();
        host.restart();

        assertThat(host.settled).isTrue();
        assertThat(host.observer.recovered).contains(Duration.ZERO);
        InstanceReport report = host.hello.get(0);
        assertThat(report.getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(report.getPid()).isEqualTo(1000);
        assertThat(report.getAccelerator()).isEqualTo("tcg");
        assertThat(report.getVmName()).isEqualTo("web-0");
        assertThat(report.getSequence()).isGreaterThan(lastSequence);
        assertThat(host.driver.calls).containsExactly("adopt " + id(1));

        host.driver.exit(id(1), ExitInfo.Cause.CRASHED, 9);
        host.loop.settle();
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
    }

    @Test
    void anEndMeanwhileIsReportedAsItWas() throws IOException {
        host.send(host.start(1));
        host.processes.end(id(1), ExitInfo.Cause.GUEST_SHUTDOWN, 0);
        host.restart();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.hello.get(0).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_GUEST_SHUTDOWN);

        host.restart();
        assertThat(host.hello.get(0).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_GUEST_SHUTDOWN);
        assertThat(host.driver.calls).isEmpty();
    }

    @Test
    void aStartThatNeverCameToAHypervisorIsLost() throws IOException {
        host.loop.hold("prepare");
        host.send(host.start(1));
        host.restart();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.hello.get(0).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LOST);
        assertThat(host.hello.get(0).getExit().getMessage())
                .isEqualTo("the agent ended before the hypervisor was started");
    }

    @Test
    void aHypervisorThatWasBeingStartedIsFound() throws IOException {
        host.loop.hold("start");
        host.send(host.start(1));
        host.processes.all.put(id(1), new InstanceStatus(InstanceStatus.Power.RUNNING, 77, Optional.empty()));
        host.restart();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.hello.get(0).getPid()).isEqualTo(77);
    }

    @Test
    void aHypervisorThatStaysHalfStartedIsKilled() throws IOException {
        host.loop.hold("start");
        host.send(host.start(1));
        host.processes.all.put(id(1), new InstanceStatus(InstanceStatus.Power.STARTING, 77, Optional.empty()));
        host.restart();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_STARTING);
        host.loop.advance(Duration.ofSeconds(40));
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.processes.running()).isEmpty();
    }

    @Test
    void aStopIsCarriedOnByTheNextAgent() throws IOException {
        host.send(host.start(1));
        host.loop.hold("stop");
        host.send(host.stop(1));
        host.restart();
        host.loop.release("stop");
        assertThat(host.stream.lastReport().getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.stream.lastReport().getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_STOPPED);
    }

    @Test
    void anAdoptionThatHangsDoesNotHoldUpTheHello() throws IOException {
        host.send(host.start(1));
        host.loop.hold("adopt");
        host.restart();
        assertThat(host.settled).isFalse();
        host.loop.advance(InstanceManager.ADOPTION_WAIT);
        assertThat(host.settled).isTrue();

        host.hello();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.hello.get(0).getProgress()).contains("has not answered");
        host.send(host.start(2));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(CommandAck.Outcome.OUTCOME_REFUSED);

        host.loop.release("adopt");
        assertThat(host.stream.lastReport().getPid()).isEqualTo(1000);
        assertThat(host.stream.lastReport().getProgress()).isEmpty();
    }

    @Test
    void anAdoptionThatFailsIsTriedAgain() throws IOException {
        host.send(host.start(1));
        host.driver.close();
        host.driver = new ScriptedDriver(host.processes);
        host.drivers.replace(host.driver.kind(), host.driver);
        host.driver.adoptFailure = new DriverException("libvirtd does not answer");
        host.begin(host.ledger);
        host.hello();
        assertThat(host.settled).isTrue();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.hello.get(0).getProgress()).contains("libvirtd does not answer");
        assertThat(host.observer.recovered).isEmpty();

        host.driver.adoptFailure = null;
        host.loop.advance(Duration.ofSeconds(6));
        assertThat(host.observer.recovered).contains(Duration.ofSeconds(5));
        assertThat(host.stream.lastReport().getPid()).isEqualTo(1000);
    }

    @Test
    void aTornEntryIsKeptAsideAndItsInstanceFound() throws IOException {
        host.send(host.start(1));
        Path entry = host.folders.instance(id(1)).resolve("entry");
        String whole = Files.readString(entry);
        Files.writeString(entry, whole.substring(0, whole.length() / 2));
        host.restart();

        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.hello.get(0).getPid()).isEqualTo(1000);
        assertThat(host.folders.instance(id(1)).resolve("entry.damaged-1")).exists();
        host.send(host.stop(1));
        assertThat(host.processes.running()).isEmpty();
    }

    @Test
    void aTornEntryOfAnInstanceThatIsGoneEndsAsLost() throws IOException {
        host.send(host.start(1));
        Files.writeString(host.folders.instance(id(1)).resolve("entry"), "");
        host.processes.all.clear();
        host.restart();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_EXITED);
        assertThat(host.hello.get(0).getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LOST);
    }

    @Test
    void whileNobodyKnowsWhetherATornEntrysInstanceRunsNoOtherStarts() throws IOException {
        host.send(host.start(1));
        Files.writeString(host.folders.instance(id(1)).resolve("entry"), "");
        host.loop.hold("adopt");
        host.restart();
        host.send(host.start(2));
        assertThat(host.stream.lastAck().getOutcome()).isEqualTo(CommandAck.Outcome.OUTCOME_REFUSED);
    }

    @Test
    void anUnresponsiveHypervisorIsLookedAtAgain() throws IOException {
        host.send(host.start(1));
        host.processes.all.put(id(1), new InstanceStatus(InstanceStatus.Power.UNRESPONSIVE, 1000, Optional.empty()));
        host.restart();
        assertThat(host.hello.get(0).getPhase()).isEqualTo(INSTANCE_PHASE_RUNNING);
        assertThat(host.hello.get(0).getProgress()).contains("does not answer");
        host.processes.all.put(id(1), new InstanceStatus(InstanceStatus.Power.RUNNING, 1000, Optional.empty()));
        host.loop.advance(Duration.ofSeconds(10));
        assertThat(host.stream.lastReport().getProgress()).isEmpty();
    }
}
