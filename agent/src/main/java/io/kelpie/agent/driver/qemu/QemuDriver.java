package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.agent.driver.qemu.QemuInstance.Phase;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs instances by QEMU, each under a {@code kelpie-guard}.
 *
 * <p>An instance folder serves one run: once an instance has ended, or was closed by {@link #adopt}, {@link #stop} or
 * {@link #kill} before it began, {@link #start} refuses it for ever.
 */
public final class QemuDriver implements VmDriver {
    private static final Logger LOG = LoggerFactory.getLogger(QemuDriver.class);

    /** How long a dead QEMU's guard may take to its exit file. */
    private static final Duration GUARD_AFTER_KILL = Duration.ofSeconds(1);

    private final Path qemu;
    private final Path guard;
    private final Path instancesRoot;
    private final TimeSource time;
    private final QemuTimeouts timeouts;
    private final Patience patience;
    private final StopLadder ladder;
    private final String bootId = BootId.current();
    private final Map<InstanceId, QemuInstance> instances = new ConcurrentHashMap<>();
    private final QmpReactor reactor;
    private final InstanceWatch watch;
    private final ExecutorService deliveries;
    private final QemuInstance.Listener instanceListener = new Reports();
    private volatile Consumer<DriverEvent> listener = event -> {};
    private volatile @Nullable QemuBinary binary;

    /**
     * Makes the driver; starts no process.
     *
     * @param qemu absolute path of {@code qemu-system-x86_64}
     * @param guard absolute path of {@code kelpie-guard}
     * @param instancesRoot folder of all instances, {@code <root>/<vm id>/<incarnation>}; {@link #list} looks there
     */
    public QemuDriver(Path qemu, Path guard, Path instancesRoot, TimeSource time, QemuTimeouts timeouts)
            throws IOException {
        if (!qemu.isAbsolute() || !guard.isAbsolute() || !instancesRoot.isAbsolute()) {
            throw new IllegalArgumentException("the driver takes absolute paths only");
        }
        this.qemu = qemu;
        this.guard = guard;
        this.instancesRoot = instancesRoot;
        this.time = time;
        this.timeouts = timeouts;
        this.patience = new Patience(time);
        this.ladder = new StopLadder(timeouts, patience);
        this.reactor = new QmpReactor();
        this.watch = new InstanceWatch(this::onEnded);
        this.deliveries = Executors.newSingleThreadExecutor(run -> {
            Thread thread = new Thread(run, "qemu-events");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public DriverKind kind() {
        return DriverKind.QEMU;
    }

    @Override
    public DriverFingerprint fingerprint() {
        if (!Files.isExecutable(guard)) {
            return DriverFingerprint.unusable(
                    "", guard + " is not there or not executable. Fix: set guard to where kelpie-guard is");
        }
        try {
            QemuBinary found = QemuBinary.ask(qemu);
            binary = found;
            return DriverFingerprint.good(found.version());
        } catch (DriverException e) {
            return DriverFingerprint.unusable("", String.valueOf(e.getMessage()));
        }
    }

    @Override
    public DriverHandle handle(LaunchSpec spec) {
        return files(spec).handle();
    }

    // ---- start and adopt --------------------------------------------------------------------------------------------

    @Override
    public void start(LaunchSpec spec) throws DriverException {
        QemuInstance instance = instances.computeIfAbsent(spec.id(), id -> instance(id, files(spec)));
        instance.startLock().lock();
        try {
            switch (instance.phase()) {
                case LIVE -> {}
                case ENDED -> throw alreadyRan(spec.id());
                case NEW -> startNew(instance, spec);
            }
        } finally {
            instance.startLock().unlock();
        }
    }

    private void startNew(QemuInstance instance, LaunchSpec spec) throws DriverException {
        try {
            GuardLaunch launch = new GuardLaunch(instance, qemu, guard, time, timeouts, patience);
            Optional<Process> child = Optional.empty();
            if (instance.record().isEmpty()) {
                child = launch.start(spec, knownBinary().sandbox());
            }
            if (child.isPresent()) {
                goLive(instance);
                child.get().onExit().thenRun(() -> watch.hint(instance));
            } else if (instance.settledRecord(patience).isPresent() && instance.isAlive()) {
                goLive(instance);
                launch.awaitRunning();
            } else {
                throw alreadyRan(spec.id());
            }
        } finally {
            forgetUnlessLive(instance);
        }
    }

    @Override
    public InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException {
        InstanceFiles files = InstanceFiles.of(handle);
        QemuInstance instance = instances.computeIfAbsent(id, absent -> instance(absent, files));
        instance.startLock().lock();
        try {
            if (instance.phase() == Phase.NEW) {
                adoptNew(instance);
            }
            return status(instance);
        } finally {
            instance.startLock().unlock();
        }
    }

    private void adoptNew(QemuInstance instance) throws DriverException {
        try {
            if (instance.settledRecord(patience).isPresent() && instance.isAlive()) {
                goLive(instance);
                return;
            }
            ExitInfo exit = instance.exitInfo();
            if (instance.end(Phase.NEW)) {
                deliver(new DriverEvent.Exited(instance.id(), exit));
            }
        } finally {
            forgetUnlessLive(instance);
        }
    }

    private void goLive(QemuInstance instance) {
        instance.goLive();
        watch.add(instance);
        watch.hint(instance); // it may have ended before it was watched
    }

    private void forgetUnlessLive(QemuInstance instance) {
        if (instance.phase() != Phase.LIVE) {
            instance.end(Phase.NEW);
            instances.remove(instance.id(), instance);
            instance.close();
        }
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    @Override
    public InstanceStatus inspect(InstanceId id, DriverHandle handle) throws DriverException {
        try (Borrowed borrowed = borrow(id, handle)) {
            return status(borrowed.instance());
        }
    }

    private InstanceStatus status(QemuInstance instance) throws DriverException {
        if (!instance.isAlive()) {
            return instance.phase() == Phase.NEW && isStarting(instance)
                    ? new InstanceStatus(Power.STARTING, 0, Optional.empty())
                    : gone(instance);
        }
        Power power;
        try {
            power = instance.queryPower(timeouts.command());
        } catch (QmpException e) {
            // Without a connection QEMU has most likely just ended, and its guard is about to write how.
            Duration end = e.kind() == QmpException.Kind.CLOSED ? GUARD_AFTER_KILL : Duration.ZERO;
            if (patience.until(end, () -> !instance.isAlive())) {
                return gone(instance);
            }
            power = isStarting(instance) ? Power.STARTING : Power.UNRESPONSIVE;
        }
        return new InstanceStatus(power, instance.record().orElseThrow().qemu().pid(), Optional.empty());
    }

    private static boolean isStarting(QemuInstance instance) {
        return instance.phase() == Phase.NEW && instance.startLock().isLocked();
    }

    private static InstanceStatus gone(QemuInstance instance) throws DriverException {
        return new InstanceStatus(Power.GONE, 0, Optional.of(instance.exitInfo()));
    }

    @Override
    public List<InstanceId> list() throws DriverException {
        return InstanceFiles.records(instancesRoot).stream()
                .filter(each -> each.isAlive(bootId))
                .map(GuardRecord::instance)
                .toList();
    }

    // ---- ending -----------------------------------------------------------------------------------------------------

    @Override
    public StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException {
        try (Borrowed borrowed = borrow(id, handle)) {
            return ladder.stop(borrowed.instance(), grace);
        }
    }

    @Override
    public StopRung kill(InstanceId id, DriverHandle handle) throws DriverException {
        try (Borrowed borrowed = borrow(id, handle)) {
            return ladder.kill(borrowed.instance());
        }
    }

    // ---- pause and resume -------------------------------------------------------------------------------------------

    @Override
    public void pause(InstanceId id, DriverHandle handle) throws DriverException {
        command(id, handle, "stop");
    }

    @Override
    public void resume(InstanceId id, DriverHandle handle) throws DriverException {
        command(id, handle, "cont");
    }

    private void command(InstanceId id, DriverHandle handle, String command) throws DriverException {
        try (Borrowed borrowed = borrow(id, handle)) {
            if (!borrowed.instance().isAlive()) {
                throw new DriverException("instance " + id + " does not run");
            }
            borrowed.instance().execute(command, timeouts.command());
        } catch (QmpException e) {
            throw new DriverException(String.valueOf(e.getMessage()), "", e);
        }
    }

    // ---- events -----------------------------------------------------------------------------------------------------

    @Override
    public void onEvent(Consumer<DriverEvent> newListener) {
        listener = newListener;
    }

    private final class Reports implements QemuInstance.Listener {
        @Override
        public void onQmpEvent(QemuInstance instance, QmpEvent event) {
            if (instance.phase() != Phase.LIVE) {
                return;
            }
            switch (event.name()) {
                case "STOP" -> deliver(new DriverEvent.PowerChanged(instance.id(), Power.PAUSED));
                case "RESUME" -> deliver(new DriverEvent.PowerChanged(instance.id(), Power.RUNNING));
                case "RESET" -> LOG.info("the guest of instance {} was reset", instance.id());
                default -> LOG.debug("instance {}: {} {}", instance.id(), event.name(), event.data());
            }
        }

        @Override
        public void onDisconnected(QemuInstance instance) {
            watch.hint(instance);
        }
    }

    private void onEnded(QemuInstance instance) {
        ExitInfo exit;
        try {
            exit = instance.exitInfo();
        } catch (DriverException e) {
            LOG.error("instance {} has ended, and how cannot be told", instance.id(), e);
            exit = new ExitInfo(ExitInfo.Cause.LOST, 0, 0, "how it ended cannot be told: " + e.getMessage(), "");
        }
        if (instance.end(Phase.LIVE)) {
            instances.remove(instance.id(), instance);
            instance.close();
            deliver(new DriverEvent.Exited(instance.id(), exit));
        }
    }

    private void deliver(DriverEvent event) {
        try {
            deliveries.execute(() -> listener.accept(event));
        } catch (RejectedExecutionException e) {
            LOG.debug("the driver was closed before it could report {}", event, e);
        }
    }

    @Override
    public void close() {
        watch.close();
        try {
            reactor.close();
        } catch (IOException e) {
            LOG.warn("closing the QMP connections", e);
        }
        deliveries.shutdown();
    }

    // ---- helpers ----------------------------------------------------------------------------------------------------

    /** An instance in use by one call; a stranger, neither started nor adopted here, is let go of afterwards. */
    private record Borrowed(QemuInstance instance, boolean stranger) implements AutoCloseable {
        @Override
        public void close() {
            if (stranger) {
                instance.close();
            }
        }
    }

    private Borrowed borrow(InstanceId id, DriverHandle handle) throws DriverException {
        QemuInstance known = instances.get(id);
        return known != null ? new Borrowed(known, false) : new Borrowed(instance(id, InstanceFiles.of(handle)), true);
    }

    private QemuInstance instance(InstanceId id, InstanceFiles files) {
        return new QemuInstance(id, files, bootId, reactor, instanceListener);
    }

    private static InstanceFiles files(LaunchSpec spec) {
        return new InstanceFiles(
                spec.instanceFolder().toAbsolutePath(), spec.runFolder().toAbsolutePath());
    }

    private QemuBinary knownBinary() throws DriverException {
        QemuBinary known = binary;
        if (known == null) {
            known = QemuBinary.ask(qemu);
            binary = known;
        }
        return known;
    }

    private static DriverException alreadyRan(InstanceId id) {
        return new DriverException("instance " + id + " has ended already; an instance is run once");
    }
}
