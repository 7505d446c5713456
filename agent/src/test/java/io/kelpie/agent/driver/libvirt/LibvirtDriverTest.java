package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.BootSector;
import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LaunchSpec.Bus;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.driver.LaunchSpec.NicModel;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What only the driver {@code libvirt} does, on a real libvirtd. */
@Tag("real")
@ExtendWith(LibvirtDaemons.class)
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LibvirtDriverTest {
    private static final String SYSTEM = "qemu:///system";
    private static final Path LOGS = Path.of("/var/log/libvirt/qemu");
    private static final Duration GRACE = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    private final List<DriverEvent> events = new CopyOnWriteArrayList<>();
    private final List<LibvirtDriver> drivers = new ArrayList<>();
    private final List<LaunchSpec> specs = new ArrayList<>();
    private final List<DriverException> failures = new CopyOnWriteArrayList<>();

    @AfterEach
    void endAll() throws Exception {
        LibvirtDriver last = driver(SYSTEM);
        for (LaunchSpec spec : specs) {
            last.kill(spec.id(), last.handle(spec));
        }
        drivers.forEach(LibvirtDriver::close);
        for (LaunchSpec spec : specs) {
            awaitUnknown(spec); // libvirtd's last line is in the log then
            Files.deleteIfExists(LOGS.resolve(domain(spec) + ".log"));
        }
    }

    // ---- what an operator sees ------------------------------------------------------------------------------------

    @Test
    void virshShowsTheVm() throws Exception {
        LaunchSpec spec = idle();
        driver(SYSTEM).start(spec);

        assertThat(virsh("list", "--name").lines()).contains(domain(spec));
        assertThat(virsh("domuuid", domain(spec)).strip())
                .isEqualTo(spec.id().vmId().toString());
        assertThat(virsh("dumpxml", domain(spec))).contains("incarnation=\"1\"");
        assertThat(virsh("dominfo", domain(spec))).containsPattern("Persistent: +no");
    }

    @Test
    void everyKindOfDeviceIsAttached() throws Exception {
        LaunchSpec spec = idle();
        Path base = spec.disks().get(0).file();
        Path overlay = folder.resolve("over, lay.qcow2");
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base.toString(), overlay.toString());
        Path data = folder.resolve("data.qcow2");
        run("qemu-img", "create", "-q", "-f", "qcow2", data.toString(), "1M");
        Path seed = Files.write(folder.resolve("seed.iso"), new byte[1 << 20]);
        LaunchSpec full = spec.toBuilder()
                .disks(List.of(
                        Specs.disk("root", overlay, DiskFormat.QCOW2, Bus.VIRTIO),
                        Specs.disk("data", data, DiskFormat.QCOW2, Bus.IDE),
                        Specs.disk("seed", seed, DiskFormat.RAW, Bus.CDROM)))
                .nics(List.of(
                        new LaunchSpec.Nic("52:54:00:00:00:01", NicModel.VIRTIO),
                        new LaunchSpec.Nic("52:54:00:00:00:02", NicModel.E1000)))
                .build();

        driver(SYSTEM).start(full);

        assertThat(virsh("domblklist", domain(spec))).contains("vda", "sda", "sdb", overlay.toString());
        assertThat(virsh("domiflist", domain(spec))).contains("52:54:00:00:00:01", "52:54:00:00:00:02");
    }

    @Test
    void aGuestWithNumaNodesAndANamedCpuRuns() throws Exception {
        LaunchSpec spec = idle().toBuilder()
                .size(2, 32)
                .hardware(new GuestHardware(
                        new GuestCpu(GuestCpu.Kind.NAMED, "Nehalem", Optional.empty()), Optional.empty(), 2, List.of()))
                .build();
        LibvirtDriver driver = driver(SYSTEM);

        driver.start(spec);

        assertThat(inspect(driver, spec).power()).isEqualTo(Power.RUNNING);
        assertThat(virsh("dumpxml", domain(spec))).contains("<cell id='1' cpus='1' memory='16384' unit='KiB'");
    }

    @Test
    void aGuestWhoseNamedCpuHasAFeatureThatIsNotThereIsRefused() throws Exception {
        LaunchSpec spec = idle().toBuilder()
                .size(1, 32)
                .hardware(new GuestHardware(
                        new GuestCpu(GuestCpu.Kind.NAMED, "Icelake-Server", Optional.empty()),
                        Optional.empty(),
                        1,
                        List.of()))
                .build();

        assertThatThrownBy(() -> driver(SYSTEM).start(spec))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("CPU")
                .hasMessageContaining("avx512");
    }

    @Test
    void runsUnderKvm() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/kvm")), "this machine has no KVM");
        LaunchSpec spec = idle().toBuilder().accelerator(Accelerator.KVM).build();
        LibvirtDriver driver = driver(SYSTEM);

        driver.start(spec);

        assertThat(inspect(driver, spec).power()).isEqualTo(Power.RUNNING);
        assertThat(virsh("dumpxml", domain(spec))).contains("<domain type='kvm'");
    }

    @Test
    void qemuRunsAsTheAgentAndNoFileChangesItsOwner() throws Exception {
        LaunchSpec spec = idle();
        Path disk = spec.disks().get(0).file();
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(spec);

        Path qemu = Path.of("/proc", Long.toString(inspect(driver, spec).pid()));
        assertThat(Files.getAttribute(qemu, "unix:uid")).isEqualTo(Files.getAttribute(folder, "unix:uid"));
        assertThat(Files.getOwner(disk)).isEqualTo(Files.getOwner(folder));
        assertThat(Files.getOwner(spec.serialLog())).isEqualTo(Files.getOwner(folder));
    }

    // ---- ends -----------------------------------------------------------------------------------------------------

    @Test
    void aGuestThatShutDownUnseenIsNotACrash() throws Exception {
        LaunchSpec spec = followingAcpi();
        LibvirtDriver first = driver(SYSTEM);
        first.start(spec);
        first.close();
        await().pollInterval(Duration.ofMillis(500)).until(() -> {
            virsh("shutdown", domain(spec)); // firmware does not listen yet
            return virsh("list", "--name").lines().noneMatch(domain(spec)::equals);
        });
        LibvirtDriver second = driver(SYSTEM);

        InstanceStatus status = second.adopt(spec.id(), second.handle(spec));

        assertThat(status.exit().orElseThrow().cause()).isEqualTo(Cause.GUEST_SHUTDOWN);
        assertThat(awaitExit(spec)).isEqualTo(status.exit().orElseThrow());
    }

    @Test
    void aGuestThatFollowsAcpiStopsByIt() throws Exception {
        LaunchSpec spec = followingAcpi();
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(spec);
        awaitFirmwareDone(spec);

        assertThat(driver.stop(spec.id(), driver.handle(spec), GRACE)).isEqualTo(StopRung.ACPI);

        assertThat(awaitExit(spec).cause()).isEqualTo(Cause.COMMANDED);
    }

    @Test
    void aSignalFromOutsideIsACrashWithItsNumber() throws Exception {
        LaunchSpec spec = idle();
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(spec);

        run("kill", "-TERM", Long.toString(inspect(driver, spec).pid()));

        ExitInfo exit = awaitExit(spec);
        assertThat(exit.cause()).isEqualTo(Cause.CRASHED);
        assertThat(exit.signal()).isEqualTo(15);
    }

    @Test
    void aDestroyFromOutsideIsACrash() throws Exception {
        LaunchSpec spec = idle();
        driver(SYSTEM).start(spec);

        virsh("destroy", domain(spec));

        ExitInfo exit = awaitExit(spec);
        assertThat(exit.cause()).isEqualTo(Cause.CRASHED);
        assertThat(exit.message()).contains("someone else destroyed");
    }

    @Test
    void anEndInAnEarlierBootHasNoTrace() throws Exception {
        LaunchSpec spec = idle();
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(spec);
        driver.close();
        virsh("destroy", domain(spec));
        LogMark mark = LogMark.read(spec.instanceFolder()).orElseThrow();
        new LogMark("earlier-boot", mark.offset()).write(spec.instanceFolder());
        LibvirtDriver second = driver(SYSTEM);

        ExitInfo exit = second.adopt(spec.id(), second.handle(spec)).exit().orElseThrow();

        assertThat(exit.cause()).isEqualTo(Cause.LOST);
        assertThat(exit.message()).contains("booted anew");
    }

    // ---- incarnations ---------------------------------------------------------------------------------------------

    @Test
    void anotherIncarnationIsNotStartedBesideTheFirst() throws Exception {
        LaunchSpec first = idle();
        LaunchSpec second = next(first);
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(first);

        assertThatThrownBy(() -> driver.start(second))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining(first.id().toString());

        assertThat(inspect(driver, first).power()).isEqualTo(Power.RUNNING);
        assertThat(inspect(driver, second).power()).isEqualTo(Power.GONE);
        assertThat(driver.kill(second.id(), driver.handle(second))).isEqualTo(StopRung.ALREADY_GONE);
        assertThat(inspect(driver, first).power()).isEqualTo(Power.RUNNING);
        assertThat(exits(first)).isEmpty();
    }

    @Test
    void eachIncarnationHasItsOwnExit() throws Exception {
        LaunchSpec first = idle();
        LaunchSpec second = next(first);
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(first);
        driver.kill(first.id(), driver.handle(first));
        driver.start(second);

        assertThat(awaitExit(first).cause()).isEqualTo(Cause.COMMANDED);
        assertThat(inspect(driver, second).power()).isEqualTo(Power.RUNNING);
        virsh("destroy", domain(second));
        assertThat(awaitExit(second).cause()).isEqualTo(Cause.CRASHED);
        assertThat(exits(first)).hasSize(1);
        assertThatThrownBy(() -> driver.start(second)).isInstanceOf(DriverException.class);
    }

    // ---- libvirtd away --------------------------------------------------------------------------------------------

    @Test
    void withoutLibvirtdTheDriverSaysSo() {
        LibvirtDriver driver = driver("qemu+unix:///system?socket=" + folder.resolve("none"));

        DriverFingerprint fingerprint = driver.fingerprint();

        assertThat(fingerprint.usable()).isFalse();
        assertThat(fingerprint.reason()).contains("no connection to libvirtd").contains("none");
        assertThatThrownBy(driver::list).isInstanceOf(DriverException.class);
        driver.close();
        driver.close();
        assertThatThrownBy(driver::list).isInstanceOf(DriverException.class);
    }

    @Test
    void whatEndedWithoutAConnectionIsFoundWhenItIsBack(LibvirtDaemons.Running daemons) throws Exception {
        LaunchSpec ended = idle();
        LaunchSpec stays = idle();
        try (LibvirtProxy proxy = proxy(daemons)) {
            LibvirtDriver driver = driver(proxy.uri());
            driver.start(ended);
            driver.start(stays);

            proxy.cut();
            virsh("destroy", domain(ended));
            proxy.restore();

            ExitInfo exit = awaitExit(ended);
            assertThat(exit.cause()).isEqualTo(Cause.CRASHED);
            assertThat(exit.message()).contains("someone else destroyed");
            assertThat(inspect(driver, stays).power()).isEqualTo(Power.RUNNING);
            assertThat(exits(stays)).isEmpty();
            virsh("suspend", domain(stays));
            await().untilAsserted(
                            () -> assertThat(events).contains(new DriverEvent.PowerChanged(stays.id(), Power.PAUSED)));
        }
    }

    @Test
    void aLibvirtdThatHangsDelaysACallToItsDeadlineAndAKillNotForEver(LibvirtDaemons.Running daemons) throws Exception {
        LaunchSpec spec = idle();
        try (LibvirtProxy proxy = proxy(daemons)) {
            LibvirtDriver driver = driver(proxy.uri());
            driver.start(spec);
            proxy.holdAnswers();
            try {
                assertThatThrownBy(driver::list).isInstanceOf(DriverException.class);
                assertThat(driver.fingerprint().usable()).isFalse();
                assertThat(inspect(driver, spec).power()).isEqualTo(Power.UNRESPONSIVE);

                assertThat(driver.kill(spec.id(), driver.handle(spec))).isEqualTo(StopRung.KILL);
                assertThat(awaitExit(spec).cause()).isEqualTo(Cause.COMMANDED);
            } finally {
                proxy.releaseAnswers();
            }
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> driver.fingerprint().usable());
            assertThat(driver.list()).doesNotContain(spec.id());
            assertThat(exits(spec)).hasSize(1);
        }
    }

    @Test
    void aStartThatWasGivenUpLeavesNoDomain(LibvirtDaemons.Running daemons) throws Exception {
        LaunchSpec late = idle();
        LaunchSpec lost = idle();
        try (LibvirtProxy proxy = proxy(daemons)) {
            LibvirtDriver driver = driver(proxy.uri());
            driver.start(idle()); // connected
            for (LaunchSpec spec : List.of(late, lost)) {
                holdFromCreation(proxy, driver, spec);
                assertThat(exits(spec)).isEmpty();
                if (spec == lost) {
                    proxy.cut();
                    proxy.releaseAnswers();
                    proxy.restore();
                } else {
                    proxy.releaseAnswers();
                }
                awaitUnknown(spec);
            }
        }
    }

    @Test
    void aNewLibvirtdFindsTheVmsAndTheDriverFindsIt(LibvirtDaemons.Running daemons) throws Exception {
        assumeTrue(daemons.areOurs(), "the machine's own libvirtd is not ended by a test");
        LaunchSpec ended = idle();
        LaunchSpec stays = idle();
        LibvirtDriver driver = driver(SYSTEM);
        driver.start(ended);
        driver.start(stays);
        long pid = inspect(driver, stays).pid();

        daemons.killLibvirtd();
        run("kill", "-KILL", Long.toString(inspect(driver, ended).pid()));
        assertThat(inspect(driver, stays).power()).isEqualTo(Power.UNRESPONSIVE);
        daemons.startLibvirtd();

        assertThat(awaitExit(ended).cause()).isEqualTo(Cause.CRASHED);
        assertThat(inspect(driver, stays)).isEqualTo(new InstanceStatus(Power.RUNNING, pid, Optional.empty()));
        assertThat(driver.stop(stays.id(), driver.handle(stays), Duration.ZERO)).isEqualTo(StopRung.QUIT);
    }

    // ---- fixtures -------------------------------------------------------------------------------------------------

    /** Starts the instance, with libvirtd's answers held back once libvirtd has been told to. */
    private void holdFromCreation(LibvirtProxy proxy, LibvirtDriver driver, LaunchSpec spec) {
        Thread starter = new Thread(() -> {
            try {
                driver.start(spec);
            } catch (DriverException e) {
                failures.add(e);
            }
        });
        starter.start();
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> Files.exists(Path.of("/run/libvirt/qemu", domain(spec) + ".pid")));
        proxy.holdAnswers();
        await().atMost(Duration.ofSeconds(30)).until(() -> !starter.isAlive());
        assertThat(failures).last().extracting(Throwable::getMessage).asString().contains("did not start");
    }

    private LibvirtProxy proxy(LibvirtDaemons.Running daemons) throws IOException {
        return new LibvirtProxy(folder.resolve("proxy"), daemons.socket());
    }

    private LibvirtDriver driver(String uri) {
        LibvirtSettings system = LibvirtSettings.system(uri, Optional.empty(), Optional.empty());
        LibvirtDriver driver = new LibvirtDriver(
                new LibvirtSettings(
                        uri,
                        system.emulator(),
                        system.guard(),
                        system.qemuUser(),
                        system.stateFolder(),
                        system.logFolder(),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(2)),
                TimeSource.system());
        drivers.add(driver);
        driver.onEvent(events::add);
        return driver;
    }

    private LaunchSpec idle() throws IOException {
        return spec(UUID.randomUUID(), 1);
    }

    private LaunchSpec followingAcpi() throws IOException {
        LaunchSpec spec = idle();
        AcpiSector.write(spec.disks().get(0).file());
        return spec;
    }

    private LaunchSpec next(LaunchSpec spec) throws IOException {
        return spec(spec.id().vmId(), spec.id().incarnation() + 1);
    }

    private LaunchSpec spec(UUID vmId, long incarnation) throws IOException {
        Path own = Files.createDirectories(folder.resolve("vm" + specs.size()));
        LaunchSpec spec = Specs.of(own, vmId, incarnation);
        BootSector.write(spec.disks().get(0).file(), "guest");
        specs.add(spec);
        return spec;
    }

    private static InstanceStatus inspect(LibvirtDriver driver, LaunchSpec spec) throws DriverException {
        return driver.inspect(spec.id(), driver.handle(spec));
    }

    private static String domain(LaunchSpec spec) {
        return LibvirtHandle.of(spec).domainName();
    }

    private List<ExitInfo> exits(LaunchSpec spec) {
        return events.stream()
                .filter(DriverEvent.Exited.class::isInstance)
                .map(DriverEvent.Exited.class::cast)
                .filter(event -> event.id().equals(spec.id()))
                .map(DriverEvent.Exited::exit)
                .toList();
    }

    private ExitInfo awaitExit(LaunchSpec spec) {
        await().atMost(Duration.ofSeconds(20)).until(() -> !exits(spec).isEmpty());
        return exits(spec).get(0);
    }

    private static void awaitUnknown(LaunchSpec spec) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> virsh("list", "--all", "--name").lines().noneMatch(domain(spec)::equals));
    }

    /** Until QEMU has read the boot sector. */
    private void awaitFirmwareDone(LaunchSpec spec) {
        await().until(() -> !virsh("domblkstat", domain(spec), "vda").contains("rd_bytes 0\n"));
        await().pollDelay(Duration.ofMillis(500)).until(() -> true);
    }

    private static String virsh(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("virsh", "--connect", SYSTEM, "--quiet"));
        line.addAll(List.of(arguments));
        return run(line.toArray(String[]::new));
    }

    private static String run(String... line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
