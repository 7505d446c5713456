package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.Patience;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances that the driver remembers, and how each is: by libvirt, by the kernel, and, of its end, by what it left
 * behind. An end is noted once, and reported if the instance is one that was started or adopted here. Thread-safe.
 */
final class Instances {
    private static final Logger LOG = LoggerFactory.getLogger(Instances.class);

    /** How long libvirtd may take to see the end of a QEMU that the kernel shows as ended. */
    static final Duration NOTICE_TIMEOUT = Duration.ofSeconds(5);

    private static final int MAX_REMEMBERED = 4096;

    private final LibvirtSettings settings;
    private final Domains domains;
    private final Patience patience;
    private final EventThread events;
    private final Map<UUID, TrackedInstance> tracked = new ConcurrentHashMap<>();

    Instances(LibvirtSettings settings, Domains domains, Patience patience, EventThread events) {
        this.settings = settings;
        this.domains = domains;
        this.patience = patience;
        this.events = events;
    }

    // ---- which there are ------------------------------------------------------------------------------------------

    /** The VM's latest instance that was started or adopted here. */
    Optional<TrackedInstance> latest(UUID vmId) {
        return Optional.ofNullable(tracked.get(vmId));
    }

    Collection<TrackedInstance> all() {
        return tracked.values();
    }

    /** The instance as it is remembered, or one that nobody remembers yet. */
    TrackedInstance get(InstanceId id, LibvirtHandle handle) {
        TrackedInstance known = tracked.get(id.vmId());
        return known != null && known.id().equals(id) ? known : TrackedInstance.existing(id, handle);
    }

    /** Watches the instance from now on: its end is reported. */
    void remember(TrackedInstance instance) {
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

    /** Forgets an instance whose start or adoption has failed: its end is not reported. */
    void forget(TrackedInstance instance) {
        tracked.remove(instance.id().vmId(), instance);
    }

    // ---- how one is -----------------------------------------------------------------------------------------------

    /**
     * What the instance's CPUs do, as libvirt and the kernel show it. Empty if it is gone; that is noted then.
     *
     * @throws DriverException if libvirtd does not answer and no process is known either
     */
    Optional<Power> look(TrackedInstance instance) throws DriverException {
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

    /** Whether an instance is there. */
    enum Presence {
        PRESENT,
        ABSENT,
        UNKNOWN
    }

    /** Whether libvirt has the instance, or its process is seen to live. */
    Presence presence(TrackedInstance instance) {
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

    /** What came of a look for the process. */
    enum Sight {
        SEEN,
        /** libvirtd wrote down a process that is not there, or that is hidden from this agent. */
        NOWHERE,
        /** libvirtd's note of the process cannot be read. */
        UNKNOWN
    }

    /** Looks for the instance's process; only while libvirt says that this incarnation runs. */
    Sight seeProcess(TrackedInstance instance) {
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

    // ---- its end --------------------------------------------------------------------------------------------------

    /** Waits until the kernel shows that the instance's QEMU has ended; whether it has. */
    boolean awaitProcessEnd(TrackedInstance instance, Duration atMost) throws DriverException {
        return patience.until(atMost, () -> hasEnded(instance));
    }

    /**
     * Waits until libvirtd, too, knows of the end of an instance whose process is not seen any more; not for ever.
     *
     * @return whether it does
     */
    boolean awaitNotice(TrackedInstance instance) throws DriverException {
        return patience.until(NOTICE_TIMEOUT, () -> instance.isGone() || presence(instance) == Presence.ABSENT);
    }

    /** Waits until the instance has ended, and notes it; whether it has. */
    boolean awaitEnd(TrackedInstance instance, Duration atMost) throws DriverException {
        boolean ended = patience.until(atMost, () -> instance.isGone() || presence(instance) == Presence.ABSENT);
        if (ended) {
            end(instance);
        }
        return ended;
    }

    /** Notes that the instance has ended, and reports it if it is one that is watched. */
    void end(TrackedInstance instance) {
        if (instance.isGone()) {
            return;
        }
        boolean watched = tracked.get(instance.id().vmId()) == instance;
        Trace trace = trace(instance.handle());
        Optional<ExitInfo> endOfLease = Leasing.endOfLease(
                instance.handle().instanceFolder(), trace.log().tail());
        if (instance.end(endOfLease, trace.log(), trace.otherwise()) && watched) {
            events.run(() ->
                    instance.exit().ifPresent(exit -> events.tell(new DriverEvent.Exited(instance.id(), exit))));
        }
    }

    /** End of what the instance's QEMU has said. */
    String logTail(TrackedInstance instance) {
        return trace(instance.handle()).log().tail();
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
                DomainLog.read(settings.log(handle.domainName()), mark.get().offset()),
                "libvirt has no such domain any more, and its log does not say why");
    }
}
