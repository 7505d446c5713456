package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.BootSector;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.EventLog;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.guard.GuardFileTest;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.agent.driver.guard.ProcessIdentity;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the qemu driver promises beyond the contract of all drivers. */
@Tag("real")
@Timeout(60)
class QemuDriverTest {
    @TempDir
    private Path folder;

    private final EventLog events = new EventLog();
    private QemuDriver driver;
    private LaunchSpec spec;

    @BeforeEach
    void makeDriver() throws IOException {
        driver = RealQemu.driver(folder.resolve("instances"));
        driver.onEvent(events);
        spec = spec(folder.resolve("run"));
    }

    @AfterEach
    void endInstance() throws Exception {
        driver.kill(spec.id(), driver.handle(spec));
        driver.close();
    }

    private LaunchSpec spec(Path runFolder) throws IOException {
        InstanceId id = new InstanceId(UUID.randomUUID(), 1);
        Path instance = Files.createDirectories(
                folder.resolve("instances").resolve(id.vmId().toString()).resolve("1"));
        Path disk = instance.resolve("root.raw");
        BootSector.write(disk, "hello");
        return new LaunchSpec.Builder(id, "web-0", Accelerator.TCG, instance.resolve("serial.log"), instance, runFolder)
                .size(1, 16)
                .disks(List.of(new LaunchSpec.Disk("root", disk, LaunchSpec.DiskFormat.RAW, LaunchSpec.Bus.IDE, false)))
                .build();
    }

    private GuardRecord record() throws DriverException {
        return files().record().orElseThrow();
    }

    private InstanceFiles files() {
        return new InstanceFiles(spec.instanceFolder(), spec.runFolder());
    }

    private static void signal(String signal, ProcessIdentity process) throws Exception {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void whoKillsTheGuardEndsTheInstance() throws Exception {
        driver.start(spec);

        signal("-KILL", record().guard());

        ExitInfo exit = events.awaitExit(spec.id());
        assertThat(exit.cause()).isEqualTo(Cause.CRASHED);
        assertThat(exit.signal()).isEqualTo(9);
        assertThat(record().qemu().isAlive()).isFalse();
    }

    /** A host that shuts down sends SIGTERM to all: its VMs did not end by their own wish. */
    @Test
    void sigtermOfQemuIsNoShutdownOfTheGuest() throws Exception {
        driver.start(spec);

        signal("-TERM", record().qemu());

        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.CRASHED);
    }

    @Test
    void aHungGuardDoesNotHideTheEnd() throws Exception {
        driver.start(spec);
        signal("-STOP", record().guard());

        signal("-KILL", record().qemu());

        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.CRASHED);
        assertThat(record().guard().isAlive()).isFalse();
    }

    @Test
    void aHungGuardAndAHungQemuAreKilled() throws Exception {
        driver.start(spec);
        GuardRecord record = record();
        signal("-STOP", record.guard());
        signal("-STOP", record.qemu());

        driver.kill(spec.id(), driver.handle(spec));

        assertThat(record.isAlive(record.bootId())).isFalse();
        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.COMMANDED);
    }

    @Test
    void anInstanceThatEndedIsNotRunAgain() throws Exception {
        driver.start(spec);
        driver.kill(spec.id(), driver.handle(spec));
        events.awaitExit(spec.id());

        assertThatThrownBy(() -> driver.start(spec)).isInstanceOf(DriverException.class);

        assertThat(driver.list()).isEmpty();
    }

    @Test
    void anInstanceThatWasToldToBeGoneIsNotRun() throws Exception {
        assertThat(driver.adopt(spec.id(), driver.handle(spec)).power()).isEqualTo(Power.GONE);

        assertThatThrownBy(() -> driver.start(spec)).isInstanceOf(DriverException.class);

        assertThat(files().record()).isEmpty();
        assertThat(driver.list()).isEmpty();
    }

    @Test
    void aRebootOfTheHostLosesTheInstance() throws Exception {
        GuardFileTest.write(
                files().recordFile(),
                "kelpie-guard 1\ninstance " + spec.id() + "\nboot another\nguard "
                        + ProcessHandle.current().pid() + " 1\nqemu 1 1\n");

        assertThat(driver.adopt(spec.id(), driver.handle(spec))
                        .exit()
                        .orElseThrow()
                        .cause())
                .isEqualTo(Cause.LOST);
        assertThat(driver.list()).isEmpty();
    }

    @Test
    void aBadKernelIsToldWithQemusWords() throws Exception {
        Path kernel = Files.writeString(folder.resolve("vmlinuz"), "no kernel");
        LaunchSpec bad = spec.toBuilder()
                .kernel(new LaunchSpec.KernelBoot(kernel, Optional.empty(), ""))
                .disks(List.of())
                .build();

        DriverException failure = catchThrowableOfType(DriverException.class, () -> driver.start(bad));

        assertThat(failure.stderrTail()).contains("kernel");
        assertThat(files().exit().orElseThrow().answered()).isFalse();
        assertThat(driver.inspect(bad.id(), driver.handle(bad))
                        .exit()
                        .orElseThrow()
                        .cause())
                .isEqualTo(Cause.START_FAILED);
    }

    @Test
    void aGuestWithNumaNodesAndANamedCpuRuns() throws Exception {
        spec = withTwoNumaNodes("Nehalem");

        driver.start(spec);

        assertThat(driver.inspect(spec.id(), driver.handle(spec)).power()).isEqualTo(Power.RUNNING);
    }

    @Test
    void aCpuWithoutAllOfItsFeaturesIsNoCpuForTheGuest() throws Exception {
        spec = withTwoNumaNodes("Icelake-Server");

        DriverException failure = catchThrowableOfType(DriverException.class, () -> driver.start(spec));

        assertThat(failure.stderrTail()).contains("TCG doesn't support requested feature");
    }

    /** On NUMA node 0 of this machine, which every machine has. */
    private LaunchSpec withTwoNumaNodes(String cpuModel) {
        return spec.toBuilder()
                .size(2, 32)
                .hardware(new GuestHardware(
                        new GuestCpu(GuestCpu.Kind.NAMED, cpuModel, Optional.empty()),
                        Optional.empty(),
                        2,
                        List.of(0, 0)))
                .build();
    }

    @Test
    void aSecondWriterOfADiskIsKeptOutByTheLock() throws Exception {
        driver.start(spec);
        LaunchSpec first = spec;
        LaunchSpec second =
                spec(folder.resolve("run2")).toBuilder().disks(first.disks()).build();

        DriverException failure = catchThrowableOfType(DriverException.class, () -> driver.start(second));

        assertThat(failure).isNotNull();
        assertThat(failure.stderrTail()).isNotEmpty();
        assertThat(driver.list()).containsExactly(first.id());
    }

    @Test
    void aRunFolderTooLongForASocketIsRefusedBeforeAnythingIsSpawned() throws Exception {
        LaunchSpec deep = spec(folder.resolve("x".repeat(120)));

        assertThatThrownBy(() -> driver.start(deep))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("runFolder");

        assertThat(deep.instanceFolder().resolve("guard.record")).doesNotExist();
    }

    @Test
    void theLargestMachineComesUp() throws Exception {
        spec = QemuCommandLineTest.large(folder, spec.instanceFolder(), spec.runFolder());
        for (LaunchSpec.Disk disk : spec.disks()) {
            BootSector.write(disk.file(), "hello");
        }

        driver.start(spec);

        assertThat(driver.inspect(spec.id(), driver.handle(spec)).power()).isEqualTo(Power.RUNNING);
    }

    @Test
    void theSocketIsForTheOwnerOnly() throws Exception {
        driver.start(spec);

        assertThat(Files.getPosixFilePermissions(spec.runFolder()))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void aMissingProgramMakesTheDriverUnusable() throws Exception {
        try (QemuDriver withoutQemu = new QemuDriver(
                        folder.resolve("none"), RealQemu.GUARD, folder, TimeSource.system(), QemuTimeouts.standard());
                QemuDriver withoutGuard = new QemuDriver(
                        RealQemu.QEMU, folder.resolve("none"), folder, TimeSource.system(), QemuTimeouts.standard())) {
            for (DriverFingerprint fingerprint : List.of(withoutQemu.fingerprint(), withoutGuard.fingerprint())) {
                assertThat(fingerprint.usable()).isFalse();
                assertThat(fingerprint.reason()).contains(folder.resolve("none").toString());
            }
        }
    }

    @Test
    void aQemuThatNeverAnswersIsEndedAtTheDeadline() throws Exception {
        Path deaf = Files.writeString(
                folder.resolve("deaf"),
                "#!/bin/sh\ncase \"$*\" in *--version*) exec " + RealQemu.QEMU + " --version;; esac\nexec sleep 600\n");
        Files.setPosixFilePermissions(deaf, PosixFilePermissions.fromString("rwx------"));
        QemuTimeouts hasty = new QemuTimeouts(
                Duration.ofMillis(300), Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(5));
        try (QemuDriver impatient =
                new QemuDriver(deaf, RealQemu.GUARD, folder.resolve("instances"), TimeSource.system(), hasty)) {
            assertThatThrownBy(() -> impatient.start(spec)).isInstanceOf(DriverException.class);

            assertThat(record().isAlive(record().bootId())).isFalse();
            assertThat(impatient.list()).isEmpty();
        }
    }
}
