package io.kelpie.agent.driver.fake;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs instances that are no processes, only a file each, for rehearsals: of failures, of sizes that the machine could
 * not hold, of restarts of the agent. How VMs behave is said by a file that is read anew at every look, see {@link
 * FakeBehaviors}.
 */
public final class FakeDriver implements VmDriver {
    private static final Logger LOG = LoggerFactory.getLogger(FakeDriver.class);

    private static final String VERSION = "1";
    private static final int HANDLE_VERSION = 1;
    private static final String NO_LEASES =
            "no leased instances: an instance that is no process has no guard to end it";
    private static final long LOOK_MILLIS = 50;
    private static final Duration FOREVER = Duration.ofDays(1);

    private final Path behaviorsFile;
    private final Path instancesRoot;
    private final TimeSource time;
    private final Patience patience;
    private final String bootId = BootId.current();
    private final Map<InstanceId, Instance> instances = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor thread;
    private volatile Consumer<DriverEvent> listener = event -> {};

    /**
     * Makes the driver.
     *
     * @param behaviorsFile says how VMs behave; may be absent
     * @param instancesRoot folder of all instances, {@code <root>/<vm id>/<incarnation>}; {@link #list} looks there
     */
    public FakeDriver(Path behaviorsFile, Path instancesRoot, TimeSource time) {
        this.behaviorsFile = behaviorsFile;
        this.instancesRoot = instancesRoot;
        this.time = time;
        this.patience = new Patience(time);
        this.thread = new ScheduledThreadPoolExecutor(1, run -> {
            Thread made = new Thread(run, "fake-driver");
            made.setDaemon(true);
            return made;
        });
        thread.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        thread.scheduleWithFixedDelay(this::lookAtAll, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** An instance that was started or adopted here, and what was last told of it. */
    private static final class Instance {
        private final Path folder;
        private Power told = Power.STARTING; // guarded by this

        Instance(Path folder) {
            this.folder = folder;
        }
    }

    @Override
    public DriverKind kind() {
        return DriverKind.FAKE;
    }

    @Override
    public DriverFingerprint fingerprint() {
        try {
            Optional<String> unusable = behaviors().unusable();
            return unusable.map(reason -> DriverFingerprint.unusable(VERSION, reason))
                    .orElseGet(() -> DriverFingerprint.withoutLeases(VERSION, NO_LEASES));
        } catch (DriverException e) {
            return DriverFingerprint.unusable(VERSION, String.valueOf(e.getMessage()));
        }
    }

    /** Version 1: the instance's folder as base64url of UTF-8. */
    @Override
    public DriverHandle handle(LaunchSpec spec) {
        String folder = spec.instanceFolder().toAbsolutePath().toString();
        return new DriverHandle(
                DriverKind.FAKE,
                HANDLE_VERSION,
                Base64.getUrlEncoder().withoutPadding().encodeToString(folder.getBytes(StandardCharsets.UTF_8)));
    }

    private static Path folder(DriverHandle handle) throws DriverException {
        if (handle.driver() != DriverKind.FAKE || handle.version() != HANDLE_VERSION) {
            throw new DriverException("a handle of driver " + handle.driver() + ", version " + handle.version()
                    + ", is not one of the fake driver of this agent");
        }
        try {
            return Path.of(new String(Base64.getUrlDecoder().decode(handle.data()), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new DriverException("the handle '" + handle.data() + "' is malformed", "", e);
        }
    }

    // ---- start and adopt --------------------------------------------------------------------------------------------

    @Override
    public void start(LaunchSpec spec) throws DriverException {
        spec.refuseIfLeased(NO_LEASES);
        FakeBehavior behavior = behaviors().of(spec.vmName());
        Path folder = spec.instanceFolder();
        boolean made = make(spec, behavior);
        patience.until(FOREVER, () -> look(folder).orElseThrow().power() != Power.STARTING);
        Optional<ExitInfo> exit = look(folder).orElseThrow().exit();
        if (exit.isPresent()) {
            throw new DriverException(exit.get().message(), exit.get().stderrTail(), null);
        }
        if (made) {
            print(spec);
        }
        watch(spec.id(), folder);
    }

    /** Makes the instance, unless it exists; whether it did. */
    private synchronized boolean make(LaunchSpec spec, FakeBehavior behavior) throws DriverException {
        if (read(spec.instanceFolder()).isPresent()) {
            return false;
        }
        long runsAtMillis = time.wallMillis() + behavior.startDelay().toMillis();
        FakeState state = new FakeState(spec.id(), spec.vmName(), bootId, runsAtMillis, false, Optional.empty());
        FakeState made = behavior.startFailure()
                .map(stderr -> state.ended(
                        new ExitInfo(Cause.START_FAILED, 1, 0, "the fake hypervisor exited with code 1", stderr)))
                .orElse(state);
        write(spec.instanceFolder(), made);
        return true;
    }

    private static void print(LaunchSpec spec) throws DriverException {
        try {
            Files.writeString(
                    spec.serialLog(),
                    "fake guest " + spec.vmName() + "\r\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new DriverException("cannot write " + spec.serialLog(), "", e);
        }
    }

    @Override
    public InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException {
        Path folder = folder(handle);
        closeUnlessMade(id, folder);
        watch(id, folder);
        InstanceStatus status = look(folder).orElseThrow();
        report(id);
        return status;
    }

    /** An instance that was never started here must not be started later on: its end was told. */
    private synchronized void closeUnlessMade(InstanceId id, Path folder) throws DriverException {
        if (read(folder).isEmpty()) {
            FakeState never = new FakeState(id, "", bootId, time.wallMillis(), false, Optional.empty());
            write(folder, never.ended(Cause.START_FAILED, 0, "it was never started on this host"));
        }
    }

    private void watch(InstanceId id, Path folder) throws DriverException {
        Instance instance = new Instance(folder);
        instance.told = look(folder).map(InstanceStatus::power).orElse(Power.GONE);
        if (instance.told == Power.GONE) {
            instance.told = Power.STARTING; // its end is still to be told
        }
        instances.putIfAbsent(id, instance);
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    @Override
    public InstanceStatus inspect(InstanceId id, DriverHandle handle) throws DriverException {
        return look(folder(handle)).orElseGet(() -> {
            ExitInfo never = new ExitInfo(Cause.START_FAILED, 0, 0, "it was never started on this host", "");
            return new InstanceStatus(Power.GONE, 0, Optional.of(never));
        });
    }

    /** What has become of an instance by now; if it has ended, that is written down. */
    private synchronized Optional<InstanceStatus> look(Path folder) throws DriverException {
        Optional<FakeState> state = read(folder);
        if (state.isEmpty()) {
            return Optional.empty();
        }
        long nowMillis = time.wallMillis();
        FakeBehavior behavior = behaviors().of(state.get().vmName());
        FakeState now = state.get().at(nowMillis, bootId, behavior);
        if (!now.equals(state.get())) {
            write(folder, now);
        }
        return Optional.of(now.status(nowMillis, behavior));
    }

    @Override
    public List<InstanceId> list() throws DriverException {
        List<Path> folders;
        try (Stream<Path> paths =
                Files.find(instancesRoot, 3, (path, attributes) -> path.endsWith(FakeState.FILE_NAME))) {
            folders = paths.map(path -> path.toAbsolutePath().getParent()).toList();
        } catch (IOException e) {
            throw new DriverException("cannot list " + instancesRoot + ": " + e.getMessage(), "", e);
        }
        List<InstanceId> found = new ArrayList<>();
        for (Path folder : folders) {
            if (look(folder).filter(status -> status.power() != Power.GONE).isPresent()) {
                read(folder).ifPresent(state -> found.add(state.id()));
            }
        }
        return found;
    }

    // ---- commands ---------------------------------------------------------------------------------------------------

    @Override
    public StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException {
        Path folder = folder(handle);
        closeUnlessMade(id, folder);
        Power power = look(folder).orElseThrow().power();
        if (power == Power.GONE) {
            return StopRung.ALREADY_GONE;
        }
        if (power == Power.UNRESPONSIVE) {
            return end(id, folder, StopRung.KILL);
        }
        FakeBehavior behavior =
                behaviors().of(read(folder).map(FakeState::vmName).orElse(""));
        if (power != Power.RUNNING) {
            return end(id, folder, StopRung.QUIT);
        }
        boolean follows = !behavior.ignoresAcpi() && behavior.stopDelay().compareTo(grace) <= 0;
        boolean ended = patience.until(
                follows ? behavior.stopDelay() : grace,
                () -> look(folder).orElseThrow().power() == Power.GONE);
        return ended ? StopRung.ACPI : end(id, folder, follows ? StopRung.ACPI : StopRung.QUIT);
    }

    @Override
    public StopRung kill(InstanceId id, DriverHandle handle) throws DriverException {
        Path folder = folder(handle);
        closeUnlessMade(id, folder);
        return look(folder).orElseThrow().power() == Power.GONE
                ? StopRung.ALREADY_GONE
                : end(id, folder, StopRung.KILL);
    }

    private StopRung end(InstanceId id, Path folder, StopRung rung) throws DriverException {
        synchronized (this) {
            look(folder);
            FakeState state = read(folder).orElseThrow();
            if (state.exit().isEmpty()) {
                write(folder, state.ended(Cause.COMMANDED, 0, "it was ended on command"));
            }
        }
        report(id);
        return rung;
    }

    @Override
    public void pause(InstanceId id, DriverHandle handle) throws DriverException {
        setPaused(id, folder(handle), true);
    }

    @Override
    public void resume(InstanceId id, DriverHandle handle) throws DriverException {
        setPaused(id, folder(handle), false);
    }

    private void setPaused(InstanceId id, Path folder, boolean paused) throws DriverException {
        synchronized (this) {
            Power power = look(folder).map(InstanceStatus::power).orElse(Power.GONE);
            switch (power) {
                case RUNNING, PAUSED -> write(folder, read(folder).orElseThrow().withPaused(paused));
                case STARTING, UNRESPONSIVE -> throw new DriverException("instance " + id + " does not answer");
                case GONE -> throw new DriverException("instance " + id + " does not run");
            }
        }
        report(id);
    }

    // ---- events -----------------------------------------------------------------------------------------------------

    @Override
    public void onEvent(Consumer<DriverEvent> newListener) {
        listener = newListener;
    }

    private void lookAtAll() {
        instances.forEach(this::tell);
    }

    /** Has the news of an instance told soon; all are told on one thread. */
    private void report(InstanceId id) {
        thread.execute(() -> {
            Instance instance = instances.get(id);
            if (instance != null) {
                tell(id, instance);
            }
        });
    }

    private void tell(InstanceId id, Instance instance) {
        Optional<InstanceStatus> status;
        try {
            status = look(instance.folder);
        } catch (DriverException e) {
            LOG.warn("cannot look at fake instance {}: {}", id, e.getMessage());
            return;
        }
        Power power = status.map(InstanceStatus::power).orElse(Power.GONE);
        synchronized (instance) {
            if (power == instance.told) {
                return;
            }
            instance.told = power;
        }
        if (power == Power.GONE) {
            instances.remove(id, instance);
            ExitInfo lost = new ExitInfo(Cause.LOST, 0, 0, "its file was removed", "");
            listener.accept(new DriverEvent.Exited(
                    id, status.flatMap(InstanceStatus::exit).orElse(lost)));
        } else if (power == Power.RUNNING || power == Power.PAUSED) {
            listener.accept(new DriverEvent.PowerChanged(id, power));
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    // ---- files ------------------------------------------------------------------------------------------------------

    private FakeBehaviors behaviors() throws DriverException {
        return FakeBehaviors.read(behaviorsFile);
    }

    private static Optional<FakeState> read(Path folder) throws DriverException {
        try {
            return FakeState.read(folder);
        } catch (IOException e) {
            throw new DriverException("cannot read the fake instance in " + folder + ": " + e.getMessage(), "", e);
        }
    }

    private static void write(Path folder, FakeState state) throws DriverException {
        try {
            state.write(folder);
        } catch (IOException e) {
            throw new DriverException("cannot write the fake instance in " + folder + ": " + e.getMessage(), "", e);
        }
    }
}
