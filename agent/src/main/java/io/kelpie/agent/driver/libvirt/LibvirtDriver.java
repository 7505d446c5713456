package io.kelpie.agent.driver.libvirt;

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
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs instances as transient domains of libvirt. {@code virsh list} shows an instance as {@code kelpie-<vm name>-<first
 * 8 digits of the VM's id>}; the domain's UUID is the VM's id, its metadata names the incarnation.
 *
 * <p><b>Leases.</b> The emulator of a leased instance's domain is {@code kelpie-guard}, QEMU is its child. This takes a
 * libvirt that confines QEMU by neither AppArmor nor SELinux; any other runs no leased instances, see {@link Leasing}.
 *
 * <p><b>Files.</b> As {@link LibvirtSettings.QemuUser} says. The serial log is written by libvirt's {@code virtlogd}, as
 * root, into the file that this driver makes beforehand; virtlogd renames a log of 2 MiB to {@code <name>.0}, unless its
 * {@code max_size} is 0 or libvirt's {@code stdio_handler} is {@code "file"}.
 *
 * <p><b>Truth.</b> Events of libvirt are hints: an instance has ended when libvirt no longer knows its domain <em>and</em>
 * no process of it is seen, or when its process, once seen, is gone. So a libvirtd that is started anew ends nothing,
 * and what ended without it is found when the connection is back. One that hangs delays each call to its deadline, no
 * longer; a kill is then done without it where this agent may signal QEMU.
 */
public final class LibvirtDriver implements VmDriver {
    private static final Logger LOG = LoggerFactory.getLogger(LibvirtDriver.class);

    private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration ACPI_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration QUIT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(5);
    /** Longer than libvirtd's own way to SIGKILL, for a QEMU that this agent may not signal. */
    private static final Duration DESTROY_TIMEOUT = Duration.ofSeconds(20);
    /** How long libvirtd may take to see the end of a QEMU that the kernel shows as ended. */
    private static final Duration NOTICE_TIMEOUT = Duration.ofSeconds(5);

    private static final Path KVM = Path.of("/dev/kvm");
    /** What a libvirtd that need not probe QEMU never takes to tell versions. */
    private static final Duration SLOW = Duration.ofSeconds(1);

    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration ABANDONED_TIMEOUT = Duration.ofMillis(500);
    /** Events may be lost without a sign. */
    private static final Duration COMPARISON_PERIOD = Duration.ofSeconds(30);

    private static final Duration COMPARISON_RETRY = Duration.ofSeconds(2);
    private static final int MAX_REMEMBERED = 4096;

    private final LibvirtSettings settings;
    private final TimeSource time;
    private final Patience patience;
    private final LibvirtConnection connection;
    private final Domains domains;
    private final ScheduledThreadPoolExecutor dispatcher;
    private final Map<UUID, TrackedInstance> tracked = new ConcurrentHashMap<>();
    private final Map<InstanceId, CompletableFuture<Void>> starts = new ConcurrentHashMap<>();
    /** Starts that were given up and may still happen: their domains are destroyed when they appear. */
    private final Map<UUID, InstanceId> abandoned = new ConcurrentHashMap<>();

    /** The next comparison with libvirt; only on the dispatcher's thread. */
    private Future<?> comparison = CompletableFuture.completedFuture(null);

    private volatile Consumer<DriverEvent> listener = event -> {};

    /** Makes a driver and begins to connect to libvirtd; does not wait for it. */
    public LibvirtDriver(LibvirtSettings settings, TimeSource time) {
        this.settings = settings;
        this.time = time;
        this.patience = new Patience(time);
        this.dispatcher = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "kelpie-libvirt-dispatch");
            thread.setDaemon(true);
            return thread;
        });
        this.connection = new LibvirtConnection(
                settings.uri(),
                time,
                () -> dispatch(this::compareWithLibvirt),
                signal -> dispatch(() -> onSignal(signal)));
        this.domains = new Domains(connection, time, settings.answerTimeout());
        connection.open();
    }

    @Override
    public DriverKind kind() {
        return DriverKind.LIBVIRT;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Its version is libvirt's, with QEMU's in parentheses. A libvirtd that is slow because QEMU's user may not open
     * KVM's device is not usable: it would take more than a minute to start a VM.
     */
    @Override
    public DriverFingerprint fingerprint() {
        try {
            Optional<String> failure = connection.failureUnlessSoonOpen(settings.answerTimeout());
            if (failure.isPresent()) {
                return unusable(failure.get());
            }
            return connection.read("the question for its version", settings.answerTimeout(), this::fingerprint);
        } catch (LibvirtException e) {
            return unusable("libvirt has no usable QEMU: " + e.getMessage());
        } catch (DriverException e) {
            String hint = KvmDevice.complaint(KVM).map(text -> "; " + text).orElse("");
            return unusable(e.getMessage() + hint);
        }
    }

    private DriverFingerprint fingerprint(NativeConnect connect) throws LibvirtException {
        long begin = time.nanoTime();
        String version = version(connect.getLibVersion()) + " (QEMU " + version(connect.getVersion()) + ")";
        boolean slow = time.nanoTime() - begin >= SLOW.toNanos();
        Optional<String> complaint = slow ? KvmDevice.complaint(KVM) : Optional.empty();
        if (complaint.isPresent()) {
            return DriverFingerprint.unusable(version, complaint.get());
        }
        String capabilities = connect.getCapabilities();
        return Leasing.obstacle(settings)
                .or(() -> Leasing.obstacle(capabilities))
                .map(reason -> DriverFingerprint.withoutLeases(version, reason))
                .orElseGet(() -> DriverFingerprint.good(version));
    }

    private static DriverFingerprint unusable(String reason) {
        return DriverFingerprint.unusable("", reason);
    }

    @Override
    public DriverHandle handle(LaunchSpec spec) {
        return LibvirtHandle.of(spec).encode();
    }

    @Override
    public void onEvent(Consumer<DriverEvent> newListener) {
        listener = newListener;
    }

    // ---- start ----------------------------------------------------------------------------------------------------

    @Override
    public void start(LaunchSpec spec) throws DriverException {
        Optional<String> obstacle = Leasing.obstacle(settings);
        if (obstacle.isPresent()) {
            spec.refuseIfLeased(obstacle.get());
        }
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> earlier = starts.putIfAbsent(spec.id(), mine);
        if (earlier != null) {
            join(earlier, spec);
            return;
        }
        try {
            startOnce(spec);
            mine.complete(null);
        } catch (DriverException | RuntimeException e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            starts.remove(spec.id(), mine);
        }
    }

    private void join(CompletableFuture<Void> earlier, LaunchSpec spec) throws DriverException {
        try {
            earlier.get(settings.startTimeout().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DriverException cause) {
                throw new DriverException(String.valueOf(cause.getMessage()), cause.stderrTail(), cause);
            }
            throw new IllegalStateException("start of " + spec.id(), e.getCause());
        } catch (TimeoutException e) {
            throw new DriverException("libvirt: the start of " + spec.id() + " still goes on", "", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverException("libvirt: the start of " + spec.id() + " was interrupted", "", e);
        }
    }

    private void startOnce(LaunchSpec spec) throws DriverException {
        InstanceId id = spec.id();
        LibvirtHandle handle = LibvirtHandle.of(spec);
        if (domains.find(id.vmId()).filter(view -> view.isActive(id)).isPresent()) {
            takeOver(id, handle);
            return;
        }
        TrackedInstance before = tracked.get(id.vmId());
        if (before != null && before.id().equals(id)) {
            throw new DriverException(id + " has run and ended; it cannot be started again");
        }
        awaitRoomFor(id);
        abandoned.remove(id.vmId());
        String xml = describe(spec, handle);
        prepareFiles(spec, handle);
        TrackedInstance instance = TrackedInstance.starting(id, handle);
        remember(instance);
        try {
            create(instance, xml);
        } catch (DriverException e) {
            tracked.remove(id.vmId(), instance);
            clearAway(instance);
            throw e;
        }
        seeProcess(instance);
        instance.started();
        if (instance.hasStopped()) {
            dispatch(() -> checkStop(instance));
        }
    }

    /** An instance that exists already, e.g. made by the agent's earlier process. */
    private void takeOver(InstanceId id, LibvirtHandle handle) throws DriverException {
        TrackedInstance instance = trackedOrNew(id, handle);
        seeProcess(instance);
        remember(instance);
        boolean started = patience.until(
                settings.startTimeout(),
                () -> domains.find(id.vmId())
                        .filter(view -> view.power() == Power.STARTING)
                        .isEmpty());
        if (!started) {
            throw new DriverException("libvirt does not come to an end with the start of " + id);
        }
    }

    /** Waits for the end of a domain of the VM that is just ending; refuses to go on beside one that stays. */
    private void awaitRoomFor(InstanceId id) throws DriverException {
        if (patience.until(NOTICE_TIMEOUT, () -> domains.find(id.vmId()).isEmpty())) {
            return;
        }
        String other = domains.find(id.vmId())
                .flatMap(DomainView::id)
                .map(InstanceId::toString)
                .orElse("a domain that is not of this driver");
        throw new DriverException("libvirt cannot start " + id + " beside " + other + ", which has its UUID");
    }

    private String describe(LaunchSpec spec, LibvirtHandle handle) throws DriverException {
        try {
            Optional<DacLabel> user = switch (settings.qemuUser()) {
                case AGENT -> Optional.of(DacLabel.ofThisProcess());
                case LIBVIRT_DEFAULT -> Optional.empty();
            };
            Optional<Path> emulator = spec.lease().isPresent()
                    ? settings.guard()
                    : settings.emulator().filter(Path::isAbsolute);
            return DomainXml.of(handle.domainName(), spec, emulator, user);
        } catch (IOException e) {
            throw new DriverException("the agent's own user cannot be found out: " + e.getMessage(), "", e);
        }
    }

    /** The serial log is made here, as virtlogd would make it for root alone. */
    private void prepareFiles(LaunchSpec spec, LibvirtHandle handle) throws DriverException {
        try {
            Files.write(spec.serialLog(), new byte[0], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            LogMark.now(log(handle)).write(handle.instanceFolder());
        } catch (IOException e) {
            throw new DriverException("the files of " + spec.id() + " cannot be written: " + e, "", e);
        }
    }

    private void create(TrackedInstance instance, String xml) throws DriverException {
        boolean runs;
        try {
            runs = domains.create(instance.id(), xml, settings.startTimeout());
        } catch (LibvirtException e) {
            String tail = trace(instance.handle()).log().tail();
            Optional<ExitInfo> endOfLease = Leasing.endOfLease(instance.handle().instanceFolder(), tail);
            if (endOfLease.isPresent()) {
                throw new DriverException(endOfLease.get());
            }
            throw new DriverException("libvirt could not start " + instance.id() + ": " + e.getMessage(), tail, e);
        }
        if (!runs) {
            abandoned.put(instance.id().vmId(), instance.id());
            throw new DriverException("libvirt did not start " + instance.id() + " within "
                    + settings.startTimeout().toSeconds() + " s; if it still does, the domain is destroyed");
        }
    }

    /** After a failed start: libvirt has left nothing, unless it did not answer. */
    private void clearAway(TrackedInstance instance) {
        try {
            if (presence(instance) == Presence.PRESENT) {
                seeProcess(instance);
                endByForce(instance);
            }
        } catch (DriverException e) {
            LOG.warn("after the failed start of {}: {}", instance.id(), e.getMessage());
        }
    }

    // ---- what is there --------------------------------------------------------------------------------------------

    @Override
    public InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException {
        TrackedInstance instance = trackedOrNew(id, LibvirtHandle.parse(handle));
        boolean known = tracked.get(id.vmId()) == instance;
        remember(instance);
        try {
            return status(instance);
        } catch (DriverException e) {
            if (!known) {
                tracked.remove(id.vmId(), instance);
            }
            throw e;
        }
    }

    @Override
    public InstanceStatus inspect(InstanceId id, DriverHandle handle) throws DriverException {
        return status(trackedOrNew(id, LibvirtHandle.parse(handle)));
    }

    @Override
    public List<InstanceId> list() throws DriverException {
        return List.copyOf(domains.list().keySet());
    }

    private InstanceStatus status(TrackedInstance instance) throws DriverException {
        if (instance.isGone()) {
            return gone(instance);
        }
        if (instance.isStarting()) {
            return alive(instance, Power.STARTING);
        }
        Optional<Power> power = look(instance);
        if (power.isPresent() && power.get() != Power.UNRESPONSIVE && !answers(instance.id())) {
            power = look(instance).map(still -> Power.UNRESPONSIVE); // it may have ended while it was asked
        }
        return power.isPresent() ? alive(instance, power.get()) : gone(instance);
    }

    /**
     * What the instance's CPUs do, as libvirt and the kernel show it. Empty if it is gone; that is noted then.
     *
     * @throws DriverException if libvirtd does not answer and no process is known either
     */
    private Optional<Power> look(TrackedInstance instance) throws DriverException {
        Optional<DomainView> view;
        try {
            view = domains.find(instance.id().vmId());
        } catch (DriverException e) {
            if (instance.process().isEmpty()) {
                throw e;
            }
            if (!hasEnded(instance)) {
                return Optional.of(Power.UNRESPONSIVE);
            }
            end(instance);
            return Optional.empty();
        }
        if (view.filter(seen -> seen.isActive(instance.id())).isEmpty()) {
            if (isSeenAlive(instance)) {
                return Optional.of(Power.UNRESPONSIVE); // libvirt has lost it, and it runs
            }
            end(instance);
            return Optional.empty();
        }
        boolean doubtful = seeProcess(instance) == Sight.NOWHERE || hasEnded(instance);
        if (doubtful && (awaitNotice(instance) || hasEnded(instance))) {
            end(instance);
            return Optional.empty();
        }
        return view.map(DomainView::power);
    }

    private static InstanceStatus alive(TrackedInstance instance, Power power) {
        return new InstanceStatus(
                power, instance.process().map(QemuProcess::pid).orElse(0L), Optional.empty());
    }

    private static InstanceStatus gone(TrackedInstance instance) {
        return new InstanceStatus(Power.GONE, 0, instance.exit());
    }

    private boolean answers(InstanceId id) {
        try {
            return domains.ask(id, PROBE_TIMEOUT);
        } catch (DriverException e) {
            LOG.debug("{}", e.getMessage());
            return false;
        }
    }

    // ---- end ------------------------------------------------------------------------------------------------------

    @Override
    public StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException {
        TrackedInstance instance = trackedOrNew(id, LibvirtHandle.parse(handle));
        if (instance.isGone() || look(instance).isEmpty()) {
            return StopRung.ALREADY_GONE;
        }
        instance.command(StopRung.ACPI);
        if (!grace.isZero() && requestShutdown(instance, grace)) {
            return StopRung.ACPI;
        }
        instance.command(StopRung.QUIT);
        if (quit(instance)) {
            return StopRung.QUIT;
        }
        endByForce(instance);
        return StopRung.KILL;
    }

    @Override
    public StopRung kill(InstanceId id, DriverHandle handle) throws DriverException {
        TrackedInstance instance = trackedOrNew(id, LibvirtHandle.parse(handle));
        if (instance.isGone() || look(instance).isEmpty()) {
            return StopRung.ALREADY_GONE;
        }
        endByForce(instance);
        return StopRung.KILL;
    }

    private boolean requestShutdown(TrackedInstance instance, Duration grace) throws DriverException {
        long end = time.nanoTime() + grace.toNanos();
        // a libvirtd that is being started anew gets the whole grace, a QEMU that does not listen less
        boolean brief = connection.isOpen() && grace.compareTo(ACPI_TIMEOUT) > 0;
        try {
            domains.requestShutdown(instance.id(), brief ? ACPI_TIMEOUT : grace);
        } catch (DriverException e) {
            LOG.info("{}; {} is told to quit", e.getMessage(), instance.id());
            return false;
        }
        return awaitEnd(instance, Duration.ofNanos(end - time.nanoTime()));
    }

    private boolean quit(TrackedInstance instance) throws DriverException {
        try {
            return domains.quit(instance.id(), QUIT_TIMEOUT) && awaitEnd(instance, NOTICE_TIMEOUT);
        } catch (DriverException e) {
            LOG.info("{}; {} is killed", e.getMessage(), instance.id());
            return false;
        }
    }

    /** SIGKILL, past libvirtd where this agent may: its own way there takes ten seconds, and it may hang. */
    private void endByForce(TrackedInstance instance) throws DriverException {
        instance.command(StopRung.KILL);
        boolean signalled = instance.process().filter(QemuProcess::kill).isPresent();
        if (signalled && awaitProcessEnd(instance)) {
            awaitNotice(instance);
            end(instance);
            return;
        }
        domains.destroy(instance.id(), DESTROY_TIMEOUT);
        if (!awaitEnd(instance, KILL_TIMEOUT)) {
            throw new DriverException("QEMU of " + instance.id() + " is still there after SIGKILL");
        }
    }

    private boolean awaitProcessEnd(TrackedInstance instance) throws DriverException {
        return patience.until(KILL_TIMEOUT, () -> hasEnded(instance));
    }

    /**
     * Waits until libvirtd, too, knows of the end of an instance whose process is not seen any more; not for ever.
     *
     * @return whether it does
     */
    private boolean awaitNotice(TrackedInstance instance) throws DriverException {
        return patience.until(NOTICE_TIMEOUT, () -> instance.isGone() || presence(instance) == Presence.ABSENT);
    }

    /** Waits until the instance has ended, and notes it; whether it has. */
    private boolean awaitEnd(TrackedInstance instance, Duration atMost) throws DriverException {
        boolean ended = patience.until(atMost, () -> instance.isGone() || presence(instance) == Presence.ABSENT);
        if (ended) {
            end(instance);
        }
        return ended;
    }

    // ---- power ----------------------------------------------------------------------------------------------------

    @Override
    public void pause(InstanceId id, DriverHandle handle) throws DriverException {
        refuseIfGone(id, handle, domains.suspend(id, CHANGE_TIMEOUT));
    }

    @Override
    public void resume(InstanceId id, DriverHandle handle) throws DriverException {
        refuseIfGone(id, handle, domains.resume(id, CHANGE_TIMEOUT));
    }

    private static void refuseIfGone(InstanceId id, DriverHandle handle, boolean done) throws DriverException {
        if (!done) {
            throw new DriverException(
                    id + " (" + LibvirtHandle.parse(handle).domainName() + ") does not run on this host");
        }
    }

    // ---- events ---------------------------------------------------------------------------------------------------

    /** Runs a task after all earlier ones, on the one thread that calls the listener. */
    private void dispatch(Runnable task) {
        try {
            dispatcher.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("an event of libvirt came after the driver was closed");
        }
    }

    private void onSignal(LifecycleSignal signal) {
        TrackedInstance instance = tracked.get(signal.domain());
        if (instance == null || instance.isGone()) {
            if (signal.change() == LifecycleSignal.Change.STARTED) {
                destroyIfAbandoned(signal.domain());
            }
            return;
        }
        switch (signal.change()) {
            case STARTED, OTHER -> {}
            case SUSPENDED -> report(instance, Power.PAUSED);
            case RESUMED -> report(instance, Power.RUNNING);
            case SHUTDOWN_BY_GUEST, SHUTDOWN_BY_HOST -> instance.shutdownBegan(signal.change());
            case STOPPED_SHUTDOWN, STOPPED_DESTROYED, STOPPED_CRASHED, STOPPED_TAKEN -> {
                instance.stopped(signal.change());
                if (!instance.isStarting()) {
                    checkStop(instance);
                }
            }
        }
    }

    private void report(TrackedInstance instance, Power power) {
        if (instance.powerChanged(power)) {
            listener.accept(new DriverEvent.PowerChanged(instance.id(), power));
        }
    }

    /** An event said that the VM's domain has ended: this incarnation's, or one before it. */
    private void checkStop(TrackedInstance instance) {
        switch (presence(instance)) {
            case ABSENT -> end(instance);
            case PRESENT -> instance.forgetStop();
            case UNKNOWN -> compareIn(COMPARISON_RETRY);
        }
    }

    /** After a connect, and from time to time: finds what has changed without an event. */
    private void compareWithLibvirt() {
        Map<InstanceId, Power> present;
        try {
            present = domains.list();
        } catch (DriverException e) {
            LOG.info("instances are compared with libvirt's later: {}", e.getMessage());
            compareIn(COMPARISON_RETRY);
            return;
        }
        compareIn(COMPARISON_PERIOD);
        for (TrackedInstance instance : tracked.values()) {
            if (instance.isGone() || instance.isStarting()) {
                continue;
            }
            Power power = present.get(instance.id());
            if (power == null) {
                checkStop(instance);
            } else if (power == Power.RUNNING || power == Power.PAUSED) {
                report(instance, power);
            }
        }
        for (InstanceId id : present.keySet()) {
            destroyIfAbandoned(id.vmId());
        }
    }

    private void compareIn(Duration delay) {
        comparison.cancel(false);
        try {
            comparison = dispatcher.schedule(this::compareWithLibvirt, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the driver was closed");
        }
    }

    private void destroyIfAbandoned(UUID vmId) {
        InstanceId id = abandoned.get(vmId);
        if (id == null) {
            return;
        }
        try {
            // hardly waits, as this is the thread of all events; the call goes on
            if (domains.destroy(id, ABANDONED_TIMEOUT)) {
                LOG.warn("destroyed {}, whose start had been given up", id);
            }
            abandoned.remove(vmId, id);
        } catch (DriverException e) {
            LOG.warn("{}, whose start had been given up, is not destroyed yet: {}", id, e.getMessage());
            compareIn(COMPARISON_RETRY);
        }
    }

    // ---- shared ---------------------------------------------------------------------------------------------------

    private enum Presence {
        PRESENT,
        ABSENT,
        UNKNOWN
    }

    /** Whether libvirt has the instance, or its process is seen to live. */
    private Presence presence(TrackedInstance instance) {
        try {
            boolean active = domains.find(instance.id().vmId())
                    .filter(view -> view.isActive(instance.id()))
                    .isPresent();
            return active || isSeenAlive(instance) ? Presence.PRESENT : Presence.ABSENT;
        } catch (DriverException e) {
            LOG.debug("{}", e.getMessage());
            return hasEnded(instance) ? Presence.ABSENT : Presence.UNKNOWN;
        }
    }

    private enum Sight {
        SEEN,
        /** libvirtd wrote down a process that is not there, or that is hidden from this agent. */
        NOWHERE,
        /** libvirtd's note of the process cannot be read. */
        UNKNOWN
    }

    /** Looks for the instance's process; only while libvirt says that this incarnation runs. */
    private Sight seeProcess(TrackedInstance instance) {
        if (instance.process().isPresent()) {
            return Sight.SEEN;
        }
        Optional<QemuProcess> found = QemuProcess.of(
                settings.stateFolder(), instance.handle(), instance.id().vmId());
        if (found.isEmpty()) {
            return Sight.UNKNOWN;
        }
        if (!found.get().isAlive()) {
            return Sight.NOWHERE;
        }
        instance.process(found.get());
        return Sight.SEEN;
    }

    /** Whether the kernel shows that the instance's QEMU, once seen, has ended. */
    private static boolean hasEnded(TrackedInstance instance) {
        return instance.process().filter(process -> !process.isAlive()).isPresent();
    }

    private static boolean isSeenAlive(TrackedInstance instance) {
        return instance.process().filter(QemuProcess::isAlive).isPresent();
    }

    private TrackedInstance trackedOrNew(InstanceId id, LibvirtHandle handle) {
        TrackedInstance known = tracked.get(id.vmId());
        return known != null && known.id().equals(id) ? known : TrackedInstance.existing(id, handle);
    }

    private void remember(TrackedInstance instance) {
        UUID vmId = instance.id().vmId();
        TrackedInstance before = tracked.get(vmId);
        if (before != null && before != instance) {
            end(before); // a VM has one domain at most
        }
        tracked.put(vmId, instance);
        if (tracked.size() > MAX_REMEMBERED) {
            tracked.values().removeIf(other -> other != instance && other.isGone());
        }
    }

    /** Notes that the instance has ended, and reports it if it is one that is watched. */
    private void end(TrackedInstance instance) {
        if (instance.isGone()) {
            return;
        }
        boolean watched = tracked.get(instance.id().vmId()) == instance;
        Trace trace = trace(instance.handle());
        Optional<ExitInfo> endOfLease = Leasing.endOfLease(
                instance.handle().instanceFolder(), trace.log().tail());
        if (instance.end(endOfLease, trace.log(), trace.otherwise()) && watched) {
            dispatch(() ->
                    instance.exit().ifPresent(exit -> listener.accept(new DriverEvent.Exited(instance.id(), exit))));
        }
    }

    /** What libvirt's log tells of an instance, and what to say if it does not tell how it ended. */
    private record Trace(DomainLog log, String otherwise) {}

    private Trace trace(LibvirtHandle handle) {
        Optional<LogMark> mark = LogMark.read(handle.instanceFolder());
        if (mark.isEmpty()) {
            return new Trace(DomainLog.NOTHING, "libvirt has no such domain, and was never told to start it");
        }
        if (!mark.get().bootId().equals(BootId.current())) {
            return new Trace(DomainLog.NOTHING, "the host was booted anew since the start");
        }
        return new Trace(
                DomainLog.read(log(handle), mark.get().offset()),
                "libvirt has no such domain any more, and its log does not say why");
    }

    private Path log(LibvirtHandle handle) {
        return settings.logFolder().resolve(handle.domainName() + ".log");
    }

    private static String version(long number) {
        return number / 1_000_000 + "." + number / 1_000 % 1_000 + "." + number % 1_000;
    }

    @Override
    public void close() {
        connection.close();
        dispatcher.shutdownNow();
    }
}
