package io.kelpie.agent.server;

import io.kelpie.agent.capability.TopologyProbe;
import io.kelpie.agent.disk.PoolUsage;
import io.kelpie.agent.disk.Pools;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.instance.AgentLoop;
import io.kelpie.agent.instance.Workers;
import io.kelpie.proto.v1.Pool;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is known of this host up to date: machine and drivers every minute, pools and images every five seconds.
 * Looking goes on workers, so that a pool or a libvirtd that hangs delays nothing but its own figures.
 *
 * <p>{@link #current} may be called by any thread.
 */
final class HostWatch {
    private static final Logger LOG = LoggerFactory.getLogger(HostWatch.class);

    private static final Duration HOST_INTERVAL = Duration.ofSeconds(60);
    private static final Duration POOLS_INTERVAL = Duration.ofSeconds(5);

    /** The image cache. */
    interface Images {
        /** SHA-256 digests of its images, the newest first. */
        List<String> digests() throws IOException;
    }

    private final AgentLoop loop;
    private final Workers workers;
    private final ExecutorService executor;
    private final HostMeasurement measurement;
    private final TopologyProbe topology;
    private final SortedMap<String, DeviceKind> devices;
    private final Map<DriverKind, VmDriver> drivers;
    private final Pools pools;
    private final Images images;
    private volatile @Nullable HostState state;

    HostWatch(
            AgentLoop loop,
            Workers workers,
            ExecutorService executor,
            HostMeasurement measurement,
            TopologyProbe topology,
            SortedMap<String, DeviceKind> devices,
            Map<DriverKind, VmDriver> drivers,
            Pools pools,
            Images images) {
        this.loop = loop;
        this.workers = workers;
        this.executor = executor;
        this.measurement = measurement;
        this.topology = topology;
        this.devices = devices;
        this.drivers = drivers;
        this.pools = pools;
        this.images = images;
    }

    /** The host as last looked at; only after {@code ready} of {@link #start} was called. */
    HostState current() {
        HostState now = state;
        if (now == null) {
            throw new IllegalStateException("the host was not looked at yet");
        }
        return now;
    }

    /**
     * Looks for the first time, and from then on again and again.
     *
     * @param ready called on the loop after the first look
     * @param failed called on the loop if the first look fails
     * @param changed called on the loop whenever a later look finds something else than free space changed
     */
    void start(Runnable ready, Consumer<Exception> failed, Consumer<HostState> changed) {
        workers.submit(
                "look at this host",
                this::look,
                outcome -> outcome.handle(
                        first -> {
                            state = first;
                            log(first);
                            ready.run();
                            loop.schedule(HOST_INTERVAL, () -> lookAgain(changed));
                            loop.schedule(POOLS_INTERVAL, this::lookAtPools);
                        },
                        failed::accept));
    }

    private void lookAgain(Consumer<HostState> changed) {
        workers.submit("look at this host", this::look, outcome -> {
            outcome.handle(
                    next -> {
                        HostState before = current();
                        state = next;
                        if (!next.isLike(before)) {
                            LOG.info("this host can do something else than before");
                            log(next);
                            changed.accept(next);
                        }
                    },
                    failure -> LOG.warn("cannot look at this host", failure));
            loop.schedule(HOST_INTERVAL, () -> lookAgain(changed));
        });
    }

    private void lookAtPools() {
        workers.submit("look at pools and images", () -> new Observed(pools(), images()), outcome -> {
            outcome.handle(
                    found -> state = current().observed(found.pools(), found.images()),
                    failure -> LOG.warn("cannot look at pools and images", failure));
            loop.schedule(POOLS_INTERVAL, this::lookAtPools);
        });
    }

    private record Observed(List<Pool> pools, List<String> images) {}

    private HostState look() throws Exception {
        Map<DriverKind, Future<DriverFingerprint>> fingerprints = new EnumMap<>(DriverKind.class);
        drivers.forEach((kind, driver) -> fingerprints.put(kind, executor.submit(driver::fingerprint)));
        MeasuredHost measured = measurement.measure();
        Map<DriverKind, DriverFingerprint> found = new EnumMap<>(DriverKind.class);
        for (Map.Entry<DriverKind, Future<DriverFingerprint>> fingerprint : fingerprints.entrySet()) {
            found.put(fingerprint.getKey(), get(fingerprint.getValue()));
        }
        return new HostState(measured, topology.read(), found, present(), pools(), images());
    }

    /** Those that were seen last if the cache cannot be read: they only save time, and no VM waits for them. */
    private List<String> images() {
        try {
            return images.digests();
        } catch (IOException e) {
            LOG.warn("cannot look at the image cache", e);
            HostState before = state;
            return before == null ? List.of() : before.images();
        }
    }

    /** The configured devices that the machine has; a rehearsal's have no address and are always there. */
    private SortedMap<String, DeviceKind> present() {
        SortedMap<String, DeviceKind> present = new TreeMap<>();
        devices.forEach((kind, configured) -> {
            List<String> found = configured.addresses().stream()
                    .filter(topology::hasPciDevice)
                    .toList();
            present.put(kind, configured.addresses().isEmpty() ? configured : new DeviceKind(found.size(), found));
        });
        return present;
    }

    private static DriverFingerprint get(Future<DriverFingerprint> fingerprint) throws InterruptedException {
        try {
            return fingerprint.get();
        } catch (ExecutionException e) {
            LOG.error("defect of a driver", e);
            return DriverFingerprint.unusable("", "a defect of the agent: " + e.getCause());
        }
    }

    private List<Pool> pools() {
        return pools.usage().stream().map(HostWatch::pool).toList();
    }

    private static Pool pool(PoolUsage usage) {
        return Pool.newBuilder()
                .setName(usage.name())
                .setPath(usage.path().toString())
                .setShared(usage.shared())
                .setTotalMib(usage.totalMib())
                .setFreeMib(usage.freeMib())
                .build();
    }

    private void log(HostState looked) {
        looked.drivers().forEach(HostWatch::logDriver);
        devices.forEach((kind, configured) -> {
            List<String> missing = new ArrayList<>(configured.addresses());
            DeviceKind found = looked.devices().get(kind);
            if (found != null) {
                missing.removeAll(found.addresses());
            }
            if (!missing.isEmpty()) {
                LOG.warn("devices of kind {} are configured and not there: {}", kind, missing);
            }
        });
    }

    private static void logDriver(DriverKind kind, DriverFingerprint found) {
        if (found.usable()) {
            LOG.info(
                    "driver {} can be used, version {}{}",
                    kind,
                    found.version(),
                    found.reason().isEmpty() ? "" : ", but: " + found.reason());
        } else {
            LOG.warn("driver {} cannot be used: {}", kind, found.reason());
        }
    }
}
