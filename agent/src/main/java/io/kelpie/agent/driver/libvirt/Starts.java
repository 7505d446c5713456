package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts instances, each by one call at a time; a failed start leaves nothing. Thread-safe. */
final class Starts {
    private static final Logger LOG = LoggerFactory.getLogger(Starts.class);

    private final LibvirtSettings settings;
    private final Domains domains;
    private final Instances instances;
    private final AbandonedStarts abandoned;
    private final StopLadder ladder;
    private final Changes changes;
    private final EventThread events;
    private final Patience patience;
    private final Map<InstanceId, CompletableFuture<Void>> starts = new ConcurrentHashMap<>();

    Starts(
            LibvirtSettings settings,
            Domains domains,
            Instances instances,
            AbandonedStarts abandoned,
            StopLadder ladder,
            Changes changes,
            EventThread events,
            Patience patience) {
        this.settings = settings;
        this.domains = domains;
        this.instances = instances;
        this.abandoned = abandoned;
        this.ladder = ladder;
        this.changes = changes;
        this.events = events;
        this.patience = patience;
    }

    /** As {@link io.kelpie.agent.driver.VmDriver#start}. */
    void start(LaunchSpec spec) throws DriverException {
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
        if (instances.latest(id.vmId()).filter(before -> before.id().equals(id)).isPresent()) {
            throw new DriverException(id + " has run and ended; it cannot be started again");
        }
        awaitRoomFor(id);
        abandoned.forget(id.vmId());
        String xml = describe(spec, handle);
        prepareFiles(spec, handle);
        TrackedInstance instance = TrackedInstance.starting(id, handle);
        instances.remember(instance);
        try {
            create(instance, xml);
        } catch (DriverException e) {
            instances.forget(instance);
            clearAway(instance);
            throw e;
        }
        instances.seeProcess(instance);
        instance.started();
        if (instance.hasStopped()) {
            events.run(() -> changes.checkStop(instance));
        }
    }

    /** An instance that exists already, e.g. made by the agent's earlier process. */
    private void takeOver(InstanceId id, LibvirtHandle handle) throws DriverException {
        TrackedInstance instance = instances.get(id, handle);
        instances.seeProcess(instance);
        instances.remember(instance);
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
        if (patience.until(
                Instances.NOTICE_TIMEOUT, () -> domains.find(id.vmId()).isEmpty())) {
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
            LogMark.now(settings.log(handle.domainName())).write(handle.instanceFolder());
        } catch (IOException e) {
            throw new DriverException("the files of " + spec.id() + " cannot be written: " + e, "", e);
        }
    }

    private void create(TrackedInstance instance, String xml) throws DriverException {
        boolean runs;
        try {
            runs = domains.create(instance.id(), xml, settings.startTimeout());
        } catch (LibvirtException e) {
            String tail = instances.logTail(instance);
            Optional<ExitInfo> endOfLease = Leasing.endOfLease(instance.handle().instanceFolder(), tail);
            if (endOfLease.isPresent()) {
                throw new DriverException(endOfLease.get());
            }
            throw new DriverException("libvirt could not start " + instance.id() + ": " + e.getMessage(), tail, e);
        }
        if (!runs) {
            abandoned.add(instance.id());
            throw new DriverException("libvirt did not start " + instance.id() + " within "
                    + settings.startTimeout().toSeconds() + " s; if it still does, the domain is destroyed");
        }
    }

    /** After a failed start: libvirt has left nothing, unless it did not answer. */
    private void clearAway(TrackedInstance instance) {
        try {
            if (instances.presence(instance) == Instances.Presence.PRESENT) {
                instances.seeProcess(instance);
                ladder.endByForce(instance);
            }
        } catch (DriverException e) {
            LOG.warn("after the failed start of {}: {}", instance.id(), e.getMessage());
        }
    }
}
