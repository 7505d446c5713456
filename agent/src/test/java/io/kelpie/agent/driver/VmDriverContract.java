package io.kelpie.agent.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.InstanceStatus.Power;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every driver must do. A subclass says how its driver is made and how its instances are harmed from outside. */
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class VmDriverContract {
    /** The folder's name has what careless quoting breaks on. */
    @TempDir
    private Path temporary;

    private final Map<InstanceId, LaunchSpec> specs = new LinkedHashMap<>();
    private final List<VmDriver> drivers = new ArrayList<>();

    private VmDriver driver;
    private EventLog events;

    // ---- what a subclass says -------------------------------------------------------------------------------------

    /** A new driver object over the same instances, as an agent started anew would make it. */
    protected abstract VmDriver newDriver() throws Exception;

    /** Ends the instance's hypervisor from outside, as by {@code kill -9}. */
    protected abstract void crash(LaunchSpec spec) throws Exception;

    /** Stops the instance's hypervisor from outside, as by SIGSTOP, so that it answers nothing. */
    protected abstract void freeze(LaunchSpec spec) throws Exception;

    /** Changes a spec so that the hypervisor does not come up with it. */
    protected abstract LaunchSpec broken(LaunchSpec spec) throws Exception;

    /** Whether there is a process of the instance, other than a zombie. */
    protected abstract boolean hasProcess(LaunchSpec spec) throws Exception;

    /** Whether the driver takes leased instances. */
    protected boolean canLease() {
        return false;
    }

    /** Kills what ends a leased instance in time, as by {@code kill -9}; only for drivers that take leased ones. */
    protected void killGuard(LaunchSpec spec) throws Exception {
        throw new UnsupportedOperationException("no guard of " + spec.id());
    }

    /** Whether a hypervisor of the instance was ever begun to be run. */
    protected boolean hasRun(LaunchSpec spec) throws Exception {
        return Files.exists(spec.serialLog());
    }

    /** Whether instances are processes with a pid. */
    protected boolean hasPids() {
        return true;
    }

    /** The signal that the driver can know of after {@link #crash}. */
    protected int crashSignal() {
        return 9;
    }

    /** What the driver may say of an instance that crashed while no driver looked. */
    protected Set<Cause> causesOfUnseenCrash() {
        return EnumSet.of(Cause.CRASHED);
    }

    /** A spec whose guest follows the ACPI request at once; empty if there is none for this driver's tests. */
    protected Optional<LaunchSpec> followingAcpi(LaunchSpec spec) throws Exception {
        return Optional.empty();
    }

    /** Changes a spec so that its guest shuts itself down soon after it began to run. */
    protected LaunchSpec shuttingItselfDown(LaunchSpec spec) throws Exception {
        BootSector.write(spec.disks().get(0).file(), "guest " + spec.vmName(), BootSector.Then.POWER_OFF);
        return spec;
    }

    /** A spec whose guest resets its machine again and again; empty if there is none for this driver's tests. */
    protected Optional<LaunchSpec> rebootingItself(LaunchSpec spec) throws Exception {
        BootSector.write(spec.disks().get(0).file(), "guest " + spec.vmName(), BootSector.Then.RESET);
        return Optional.of(spec);
    }

    /** Folder of the test; its name has commas and spaces. */
    protected final Path folder() {
        return temporary.resolve("a,b c=d");
    }

    /** Durable folders of the instances are {@code <root>/<vm id>/<incarnation>}. */
    protected final Path instancesRoot() {
        return folder().resolve("instances");
    }

    // ---- fixtures -------------------------------------------------------------------------------------------------

    @BeforeEach
    final void makeDriver() throws Exception {
        Files.createDirectories(instancesRoot());
        driver = open();
        events = new EventLog();
        driver.onEvent(events);
    }

    @AfterEach
    final void endAll() throws Exception {
        VmDriver last = open();
        last.onEvent(event -> {});
        for (LaunchSpec spec : specs.values()) {
            last.kill(spec.id(), last.handle(spec));
            assertThat(hasProcess(spec)).as("process of %s is left", spec.id()).isFalse();
        }
        for (VmDriver each : drivers) {
            each.close();
            each.close();
        }
        for (InstanceId id : specs.keySet()) {
            assertThat(events.exits(id)).as("exits reported of %s", id).hasSizeLessThanOrEqualTo(1);
        }
    }

    private VmDriver open() throws Exception {
        VmDriver made = newDriver();
        drivers.add(made);
        return made;
    }

    /** Ends the driver object as a crash of the agent would, and makes the next one. */
    private void restartAgent() throws Exception {
        driver.close();
        driver = open();
        events = new EventLog();
        driver.onEvent(events);
    }

    /** A spec of the smallest guest; it prints {@code "guest <vmName>"}. */
    private LaunchSpec spec(String vmName) throws IOException {
        UUID vmId = UUID.randomUUID();
        Path instance =
                Files.createDirectories(instancesRoot().resolve(vmId.toString()).resolve("1"));
        Path run = Files.createDirectories(
                temporary.resolve("r, " + specs.size()),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path disk = instance.resolve("root, disk.raw");
        BootSector.write(disk, "guest " + vmName);
        LaunchSpec spec = new LaunchSpec.Builder(
                        new InstanceId(vmId, 1),
                        vmName,
                        Accelerator.TCG,
                        instance.resolve("serial, 0.log"),
                        instance,
                        run)
                .size(1, 16)
                .disks(List.of(
                        new LaunchSpec.Disk("root", disk, LaunchSpec.DiskFormat.RAW, LaunchSpec.Bus.VIRTIO, false)))
                .build();
        specs.put(spec.id(), spec);
        return spec;
    }

    private LaunchSpec started(String vmName) throws Exception {
        LaunchSpec spec = spec(vmName);
        driver.start(spec);
        return spec;
    }

    private InstanceStatus inspect(LaunchSpec spec) throws DriverException {
        return driver.inspect(spec.id(), driver.handle(spec));
    }

    private StopRung kill(LaunchSpec spec) throws DriverException {
        return driver.kill(spec.id(), driver.handle(spec));
    }

    private static void awaitTrue(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }

    // ---- leases ---------------------------------------------------------------------------------------------------

    private static final long LINEAGE = 7;

    /** {@code K}: from a lease's end to the death of the last leased hypervisor. */
    private static final Duration KILL_MARGIN = Duration.ofSeconds(2);

    /** Long enough for a hypervisor to come up meanwhile on a busy machine. */
    private static final Duration LEASE = Duration.ofSeconds(3);

    private LeaseFile lease() {
        return new LeaseFile(folder().resolve("dead line"));
    }

    private void assumeLeases() {
        assumeTrue(canLease(), "this driver takes no leased instances");
    }

    private LaunchSpec leasedSpec(String vmName) throws IOException {
        LaunchSpec spec = spec(vmName).leased(lease().bond(LINEAGE));
        specs.put(spec.id(), spec);
        return spec;
    }

    /** Starts an instance whose lease is so short that it ends while the test looks on. */
    private LaunchSpec startedUnderALease() throws Exception {
        LaunchSpec spec = leasedSpec("web-0");
        lease().holdFor(LINEAGE, LEASE);
        driver.start(spec);
        assertThat(hasProcess(spec)).isTrue();
        return spec;
    }

    /** No process is left in time, and none was gone before. */
    private void assertEndsAt(LaunchSpec spec, long endNanos) throws Exception {
        assertThat(hasProcess(spec)).as("it runs while its lease lasts").isTrue();
        await().atMost(Duration.ofNanos(endNanos - LeaseFile.bootNanos()).plus(KILL_MARGIN))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !hasProcess(spec));
        assertThat(LeaseFile.bootNanos()).as("it ran as long as its lease").isGreaterThanOrEqualTo(endNanos);
    }

    @Test
    final void aDriverWithoutGuardsRefusesLeasedInstances() throws Exception {
        assumeTrue(!canLease(), "this driver takes leased instances");
        LaunchSpec spec = leasedSpec("web-0");
        lease().holdFor(LINEAGE, Duration.ofMinutes(1));

        assertThatThrownBy(() -> driver.start(spec))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("under a lease");

        assertThat(hasProcess(spec)).isFalse();
        assertThat(driver.list()).doesNotContain(spec.id());
        assertThat(inspect(spec).power()).isEqualTo(Power.GONE);
    }

    @Test
    final void aPassedDeadlineEndsItWhileTheAgentRuns() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        long end = lease().holdFor(LINEAGE, LEASE);
        driver.start(spec);
        LaunchSpec unleased = started("web-1");

        assertEndsAt(spec, end);

        ExitInfo exit = events.awaitExit(spec.id());
        assertThat(exit.cause()).isEqualTo(Cause.LEASE_ENDED);
        assertThat(exit.message()).contains("lease ended");
        assertThat(inspect(spec).exit()).contains(exit);
        assertThat(driver.list()).doesNotContain(spec.id());
        assertThat(inspect(unleased).power())
                .as("an instance that is not leased")
                .isEqualTo(Power.RUNNING);
    }

    @Test
    final void aPassedDeadlineEndsItWithoutAnAgent() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        long end = lease().holdFor(LINEAGE, LEASE);
        driver.start(spec);
        driver.close();

        assertEndsAt(spec, end);

        restartAgent();
        InstanceStatus status = driver.adopt(spec.id(), driver.handle(spec));
        assertThat(status.exit().orElseThrow().cause()).isEqualTo(Cause.LEASE_ENDED);
        assertThat(events.awaitExit(spec.id())).isEqualTo(status.exit().orElseThrow());
    }

    @Test
    final void aPassedDeadlineEndsAFrozenHypervisor() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        long end = lease().holdFor(LINEAGE, LEASE);
        driver.start(spec);
        freeze(spec);

        assertEndsAt(spec, end);

        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.LEASE_ENDED);
    }

    @Test
    final void killingTheGuardEndsItAtOnce() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        lease().holdFor(LINEAGE, Duration.ofMinutes(1));
        driver.start(spec);

        killGuard(spec);

        await().atMost(Duration.ofSeconds(1)).pollInterval(Duration.ofMillis(2)).until(() -> !hasProcess(spec));
        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.CRASHED);
    }

    @Test
    final void anExtendedLeaseKeepsItAlive() throws Exception {
        assumeLeases();
        LaunchSpec spec = startedUnderALease();
        long pid = inspect(spec).pid();
        for (int i = 0; i < 10; i++) {
            long until = LeaseFile.bootNanos() + LEASE.toNanos() / 6;
            lease().holdFor(LINEAGE, LEASE);
            await().pollInterval(Duration.ofMillis(10)).until(() -> LeaseFile.bootNanos() >= until);
        }

        assertThat(inspect(spec).power()).isEqualTo(Power.RUNNING);
        assertThat(inspect(spec).pid()).isEqualTo(pid);
        assertEndsAt(spec, lease().holdFor(LINEAGE, LEASE));
    }

    @Test
    final void aLeaseOfAnotherLineageDoesNotExtendIt() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        long end = lease().holdFor(LINEAGE, LEASE);
        driver.start(spec);
        lease().holdFor(LINEAGE + 1, Duration.ofMinutes(1));

        assertEndsAt(spec, end);

        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.LEASE_ENDED);
    }

    @Test
    final void aDamagedDeadlineFileDoesNotExtendIt() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        long end = lease().holdFor(LINEAGE, LEASE);
        driver.start(spec);
        lease().writeRaw(Files.readString(lease().path()).replace("deadline ", "deadline 9"));

        assertEndsAt(spec, end);

        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.LEASE_ENDED);
    }

    @Test
    final void aFrozenLeaseLastsUntilTheThaw() throws Exception {
        assumeLeases();
        LaunchSpec spec = leasedSpec("web-0");
        lease().holdUntilThaw(LINEAGE);
        driver.start(spec);
        long until = LeaseFile.bootNanos() + LEASE.toNanos();
        await().pollInterval(Duration.ofMillis(10)).until(() -> LeaseFile.bootNanos() >= until);
        assertThat(inspect(spec).power()).isEqualTo(Power.RUNNING);

        assertEndsAt(spec, lease().holdFor(LINEAGE, LEASE));
    }

    @Test
    final void nothingIsRunUnderALeaseThatHasEnded() throws Exception {
        assumeLeases();
        List<ThrowingRunnable> ends = List.of(
                () -> lease().holdFor(LINEAGE + 1, Duration.ofMinutes(1)),
                () -> lease().holdFor(LINEAGE, Duration.ofSeconds(-1)),
                () -> lease().lapse(LINEAGE),
                () -> lease().writeRaw("kelpie-deadline 1\n"),
                () -> Files.delete(lease().path()));
        for (ThrowingRunnable end : ends) {
            LaunchSpec spec = leasedSpec("web-0");
            end.run();

            DriverException failure = catchThrowableOfType(DriverException.class, () -> driver.start(spec));

            assertThat(failure).hasMessageContaining("lease");
            assertThat(failure.exit().orElseThrow().cause()).isEqualTo(Cause.LEASE_ENDED);
            assertThat(hasRun(spec)).isFalse();
            assertThat(hasProcess(spec)).isFalse();
            assertThat(inspect(spec).exit().orElseThrow().cause()).isEqualTo(Cause.LEASE_ENDED);
            assertThat(events.exits(spec.id())).isEmpty();
            lease().holdFor(LINEAGE, Duration.ofMinutes(1));
            assertThatThrownBy(() -> driver.start(spec)).as("it stays refused").isInstanceOf(DriverException.class);
            assertThat(hasRun(spec)).isFalse();
        }
    }

    private interface ThrowingRunnable {
        void run() throws Exception;
    }

    // ---- the contract ---------------------------------------------------------------------------------------------

    @Test
    final void fingerprintSaysThatItIsUsable() {
        DriverFingerprint fingerprint = driver.fingerprint();

        assertThat(fingerprint.usable()).as(fingerprint.reason()).isTrue();
        assertThat(fingerprint.version()).isNotEmpty();
        assertThat(fingerprint.canLease()).isEqualTo(canLease());
        assertThat(fingerprint.reason().isEmpty()).isEqualTo(canLease());
    }

    @Test
    final void handleIsPureAndPrintable() throws Exception {
        LaunchSpec spec = spec("web-0");

        DriverHandle handle = driver.handle(spec);

        assertThat(handle).isEqualTo(driver.handle(spec));
        assertThat(handle.driver()).isEqualTo(driver.kind());
        assertThat(handle.data()).matches("[!-~]+");
        assertThat(driver.list()).doesNotContain(spec.id());
    }

    @Test
    final void startReturnsWhenTheGuestRuns() throws Exception {
        LaunchSpec spec = started("web-0");

        InstanceStatus status = inspect(spec);

        assertThat(status.power()).isEqualTo(Power.RUNNING);
        assertThat(status.exit()).isEmpty();
        assertThat(status.pid() > 0).isEqualTo(hasPids());
        assertThat(hasProcess(spec)).isEqualTo(hasPids());
        assertThat(driver.list()).contains(spec.id());
        awaitTrue(() -> Files.exists(spec.serialLog())
                && Files.readString(spec.serialLog()).contains("guest web-0"));
        assertThat(events.exits(spec.id())).isEmpty();
    }

    @Test
    final void startIsIdempotent() throws Exception {
        LaunchSpec spec = started("web-0");
        InstanceStatus first = inspect(spec);

        driver.start(spec);

        assertThat(inspect(spec)).isEqualTo(first);
        assertThat(driver.list().stream().filter(spec.id()::equals)).hasSize(1);
    }

    @Test
    final void startIsIdempotentAcrossARestartOfTheAgent() throws Exception {
        LaunchSpec spec = started("web-0");
        InstanceStatus first = inspect(spec);
        restartAgent();

        driver.start(spec);

        assertThat(inspect(spec)).isEqualTo(first);
        crash(spec);
        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.CRASHED);
    }

    @Test
    final void concurrentStartsOfOneInstanceMakeOne() throws Exception {
        LaunchSpec spec = spec("web-0");
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            List<Future<InstanceStatus>> calls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                calls.add(callers.submit(() -> {
                    driver.start(spec);
                    return inspect(spec);
                }));
            }
            for (Future<InstanceStatus> call : calls) {
                assertThat(call.get()).isEqualTo(calls.get(0).get());
                assertThat(call.get().power()).isEqualTo(Power.RUNNING);
            }
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    final void severalInstancesRunAtOnce() throws Exception {
        List<LaunchSpec> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(spec("web-" + i));
        }
        ExecutorService callers = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> calls = new ArrayList<>();
            for (LaunchSpec spec : all) {
                calls.add(callers.submit(() -> {
                    driver.start(spec);
                    return null;
                }));
            }
            for (Future<?> call : calls) {
                call.get();
            }
        } finally {
            callers.shutdownNow();
        }

        assertThat(driver.list()).containsAll(all.stream().map(LaunchSpec::id).toList());
        LaunchSpec first = all.get(0);
        kill(first);
        events.awaitExit(first.id());
        for (LaunchSpec other : all.subList(1, all.size())) {
            assertThat(inspect(other).power()).isEqualTo(Power.RUNNING);
            assertThat(events.exits(other.id())).isEmpty();
        }
        assertThat(driver.list()).doesNotContain(first.id());
    }

    @Test
    final void pauseAndResumeStopTheCpusAndAreReported() throws Exception {
        LaunchSpec spec = started("web-0");
        DriverHandle handle = driver.handle(spec);

        driver.pause(spec.id(), handle);
        assertThat(inspect(spec).power()).isEqualTo(Power.PAUSED);
        events.awaitPower(spec.id(), Power.PAUSED);
        driver.pause(spec.id(), handle);

        driver.resume(spec.id(), handle);
        assertThat(inspect(spec).power()).isEqualTo(Power.RUNNING);
        events.awaitPower(spec.id(), Power.RUNNING);
        driver.resume(spec.id(), handle);
        assertThat(inspect(spec).power()).isEqualTo(Power.RUNNING);
    }

    @Test
    final void pauseOfAnInstanceThatIsGoneIsRefused() throws Exception {
        LaunchSpec spec = started("web-0");
        kill(spec);

        assertThatThrownBy(() -> driver.pause(spec.id(), driver.handle(spec))).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.resume(spec.id(), driver.handle(spec))).isInstanceOf(DriverException.class);
    }

    @Test
    final void stopOfADeafGuestQuitsAfterTheGrace() throws Exception {
        LaunchSpec spec = started("web-0");

        StopRung rung = driver.stop(spec.id(), driver.handle(spec), Duration.ofMillis(300));

        assertThat(rung).isEqualTo(StopRung.QUIT);
        assertThat(hasProcess(spec)).isFalse();
        assertThat(driver.list()).doesNotContain(spec.id());
        InstanceStatus status = inspect(spec);
        assertThat(status.power()).isEqualTo(Power.GONE);
        assertThat(status.pid()).isZero();
        assertThat(status.exit().orElseThrow().cause()).isEqualTo(Cause.COMMANDED);
        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.COMMANDED);
        assertThat(driver.stop(spec.id(), driver.handle(spec), Duration.ofMillis(300)))
                .isEqualTo(StopRung.ALREADY_GONE);
        assertThat(events.exits(spec.id())).hasSize(1);
    }

    @Test
    final void stopOfAGuestThatFollowsAcpiSaysSo() throws Exception {
        LaunchSpec spec = spec("web-0");
        Optional<LaunchSpec> obedient = followingAcpi(spec);
        assumeTrue(obedient.isPresent(), "this driver's tests have no guest that follows ACPI");
        driver.start(obedient.get());

        assertThat(driver.stop(spec.id(), driver.handle(spec), Duration.ofSeconds(30)))
                .isEqualTo(StopRung.ACPI);
        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.COMMANDED);
    }

    @Test
    final void killEndsAtOnce() throws Exception {
        LaunchSpec spec = started("web-0");

        assertThat(kill(spec)).isEqualTo(StopRung.KILL);

        assertThat(hasProcess(spec)).isFalse();
        assertThat(inspect(spec).power()).isEqualTo(Power.GONE);
        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.COMMANDED);
        assertThat(kill(spec)).isEqualTo(StopRung.ALREADY_GONE);
        assertThat(events.exits(spec.id())).hasSize(1);
    }

    @Test
    final void anInstanceThatNeverWasIsGone() throws Exception {
        LaunchSpec spec = spec("web-0");

        assertThat(inspect(spec).power()).isEqualTo(Power.GONE);
        assertThat(kill(spec)).isEqualTo(StopRung.ALREADY_GONE);
        assertThat(driver.stop(spec.id(), driver.handle(spec), Duration.ofSeconds(1)))
                .isEqualTo(StopRung.ALREADY_GONE);
    }

    @Test
    final void aCrashIsReportedOnce() throws Exception {
        LaunchSpec spec = started("web-0");

        crash(spec);

        ExitInfo exit = events.awaitExit(spec.id());
        assertThat(exit.cause()).isEqualTo(Cause.CRASHED);
        assertThat(exit.signal()).isEqualTo(crashSignal());
        assertThat(exit.message()).isNotEmpty();
        InstanceStatus status = inspect(spec);
        assertThat(status.power()).isEqualTo(Power.GONE);
        assertThat(driver.list()).doesNotContain(spec.id());
        assertThat(kill(spec)).isEqualTo(StopRung.ALREADY_GONE);
        assertThat(events.exits(spec.id())).hasSize(1);
    }

    @Test
    final void aGuestThatShutsItselfDownIsNoCrash() throws Exception {
        LaunchSpec spec = shuttingItselfDown(spec("web-0"));

        driver.start(spec);

        assertThat(events.awaitExit(spec.id()).cause()).isEqualTo(Cause.GUEST_SHUTDOWN);
        assertThat(hasProcess(spec)).isFalse();
        InstanceStatus status = inspect(spec);
        assertThat(status.power()).isEqualTo(Power.GONE);
        assertThat(status.exit().orElseThrow().cause()).isEqualTo(Cause.GUEST_SHUTDOWN);
    }

    @Test
    final void aGuestThatRebootsIsTheSameInstance() throws Exception {
        Optional<LaunchSpec> rebooting = rebootingItself(spec("web-0"));
        assumeTrue(rebooting.isPresent(), "this driver's tests have no guest that reboots");
        LaunchSpec spec = rebooting.get();
        driver.start(spec);
        long pid = inspect(spec).pid();

        awaitTrue(() -> Files.exists(spec.serialLog())
                && Files.readString(spec.serialLog()).split("guest web-0", -1).length > 3);

        InstanceStatus status = inspect(spec);
        assertThat(status.power()).isEqualTo(Power.RUNNING);
        assertThat(status.pid()).isEqualTo(pid);
        assertThat(events.exits(spec.id())).isEmpty();
    }

    @Test
    final void aFailedStartSaysWhyAndLeavesNothing() throws Exception {
        LaunchSpec spec = broken(spec("web-0"));

        DriverException failure = catchThrowableOfType(DriverException.class, () -> driver.start(spec));

        assertThat(failure).isNotNull();
        assertThat(failure.getMessage()).isNotEmpty();
        assertThat(failure.stderrTail()).isNotEmpty();
        assertThat(failure.stderrTail().length()).isLessThanOrEqualTo(2048);
        assertThat(hasProcess(spec)).isFalse();
        assertThat(driver.list()).doesNotContain(spec.id());
        assertThat(inspect(spec).power()).isEqualTo(Power.GONE);
        assertThat(events.exits(spec.id())).isEmpty();
    }

    @Test
    final void instancesOutliveTheDriver() throws Exception {
        LaunchSpec spec = started("web-0");
        InstanceStatus before = inspect(spec);
        restartAgent();

        InstanceStatus adopted = driver.adopt(spec.id(), driver.handle(spec));

        assertThat(adopted).isEqualTo(before);
        assertThat(driver.list()).contains(spec.id());
        assertThat(events.exits(spec.id())).isEmpty();
    }

    @Test
    final void anAdoptedInstanceIsWatchedAndObeys() throws Exception {
        LaunchSpec first = started("web-0");
        LaunchSpec second = started("web-1");
        restartAgent();
        driver.adopt(first.id(), driver.handle(first));
        driver.adopt(second.id(), driver.handle(second));
        driver.adopt(second.id(), driver.handle(second));

        driver.pause(first.id(), driver.handle(first));
        events.awaitPower(first.id(), Power.PAUSED);
        crash(first);
        assertThat(events.awaitExit(first.id()).cause()).isEqualTo(Cause.CRASHED);

        assertThat(driver.stop(second.id(), driver.handle(second), Duration.ofMillis(100)))
                .isEqualTo(StopRung.QUIT);
        assertThat(events.awaitExit(second.id()).cause()).isEqualTo(Cause.COMMANDED);
    }

    @Test
    final void adoptionTellsTheExitOfAnInstanceThatEndedMeanwhile() throws Exception {
        LaunchSpec spec = started("web-0");
        DriverHandle handle = driver.handle(spec);
        driver.close();
        crash(spec);
        awaitTrue(() -> !hasProcess(spec));
        restartAgent();

        InstanceStatus status = driver.adopt(spec.id(), handle);

        assertThat(status.power()).isEqualTo(Power.GONE);
        assertThat(status.exit().orElseThrow().cause()).isIn(causesOfUnseenCrash());
        assertThat(events.awaitExit(spec.id())).isEqualTo(status.exit().orElseThrow());
    }

    @Test
    final void adoptionOfAnInstanceThatNeverWasTellsThatItIsGone() throws Exception {
        LaunchSpec spec = spec("web-0");

        InstanceStatus status = driver.adopt(spec.id(), driver.handle(spec));

        assertThat(status.power()).isEqualTo(Power.GONE);
        assertThat(status.exit()).isPresent();
        events.awaitExit(spec.id());
    }

    @Test
    final void aFrozenHypervisorDelaysNoOtherAndCanBeKilled() throws Exception {
        LaunchSpec frozen = started("web-0");
        freeze(frozen);
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            Future<InstanceStatus> hanging = caller.submit(() -> inspect(frozen));
            long before = System.nanoTime();
            LaunchSpec other = started("web-1");
            assertThat(inspect(other).power()).isEqualTo(Power.RUNNING);
            kill(other);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(3));
            assertThat(hanging.get().power()).isEqualTo(Power.UNRESPONSIVE);
        } finally {
            caller.shutdownNow();
        }

        assertThat(kill(frozen)).isEqualTo(StopRung.KILL);
        assertThat(hasProcess(frozen)).isFalse();
        events.awaitExit(frozen.id());
    }

    @Test
    final void aFrozenHypervisorIsAdoptedAndStopEndsIt() throws Exception {
        LaunchSpec frozen = started("web-0");
        freeze(frozen);
        restartAgent();

        assertThat(driver.adopt(frozen.id(), driver.handle(frozen)).power()).isEqualTo(Power.UNRESPONSIVE);
        assertThat(driver.stop(frozen.id(), driver.handle(frozen), Duration.ofMillis(100)))
                .isEqualTo(StopRung.KILL);
        assertThat(hasProcess(frozen)).isFalse();
        events.awaitExit(frozen.id());
    }
}
