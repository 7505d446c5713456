package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.common.time.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

    private static final Path KVM = Path.of("/dev/kvm");
    /** What a libvirtd that need not probe QEMU never takes to tell versions. */
    private static final Duration SLOW = Duration.ofSeconds(1);

    private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

    private final LibvirtSettings settings;
    private final TimeSource time;
    private final LibvirtConnection connection;
    private final Domains domains;
    private final Instances instances;
    private final Starts starts;
    private final StopLadder ladder;
    private final Changes changes;
    private final EventThread events = new EventThread();

    /** Makes a driver and begins to connect to libvirtd; does not wait for it. */
    public LibvirtDriver(LibvirtSettings settings, TimeSource time) {
        this.settings = settings;
        this.time = time;
        this.connection = new LibvirtConnection(settings.uri(), time, this::onConnected, this::onSignal);
        this.domains = new Domains(connection, time, settings.answerTimeout());
        Patience patience = new Patience(time);
        this.instances = new Instances(settings, domains, patience, events);
        this.ladder = new StopLadder(connection, domains, instances, time);
        AbandonedStarts abandoned = new AbandonedStarts(domains);
        this.changes = new Changes(domains, instances, abandoned, events);
        this.starts = new Starts(settings, domains, instances, abandoned, ladder, changes, events, patience);
        connection.open();
    }

    private void onConnected() {
        events.run(changes::compareWithLibvirt);
    }

    private void onSignal(LifecycleSignal signal) {
        events.run(() -> changes.onSignal(signal));
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
    public void onEvent(Consumer<DriverEvent> listener) {
        events.listener(listener);
    }

    @Override
    public void start(LaunchSpec spec) throws DriverException {
        starts.start(spec);
    }

    @Override
    public InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException {
        TrackedInstance instance = known(id, handle);
        boolean remembered = instances.latest(id.vmId()).equals(Optional.of(instance));
        instances.remember(instance);
        try {
            return status(instance);
        } catch (DriverException e) {
            if (!remembered) {
                instances.forget(instance);
            }
            throw e;
        }
    }

    @Override
    public InstanceStatus inspect(InstanceId id, DriverHandle handle) throws DriverException {
        return status(known(id, handle));
    }

    private TrackedInstance known(InstanceId id, DriverHandle handle) throws DriverException {
        return instances.get(id, LibvirtHandle.parse(handle));
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
        Optional<Power> power = instances.look(instance);
        if (power.isPresent() && power.get() != Power.UNRESPONSIVE && !answers(instance.id())) {
            power = instances.look(instance).map(still -> Power.UNRESPONSIVE); // it may have ended while it was asked
        }
        return power.isPresent() ? alive(instance, power.get()) : gone(instance);
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

    @Override
    public StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException {
        return ladder.stop(known(id, handle), grace);
    }

    @Override
    public StopRung kill(InstanceId id, DriverHandle handle) throws DriverException {
        return ladder.kill(known(id, handle));
    }

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

    private static String version(long number) {
        return number / 1_000_000 + "." + number / 1_000 % 1_000 + "." + number % 1_000;
    }

    @Override
    public void close() {
        connection.close();
        events.close();
    }
}
