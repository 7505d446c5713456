package io.kelpie.agent.server;

import io.kelpie.agent.capability.HostProbe;
import io.kelpie.agent.capability.TopologyProbe;
import io.kelpie.agent.console.LogUploader;
import io.kelpie.agent.disk.DiskStore;
import io.kelpie.agent.disk.PoolConfig;
import io.kelpie.agent.disk.Pools;
import io.kelpie.agent.disk.QemuImg;
import io.kelpie.agent.fencing.ControllerSets;
import io.kelpie.agent.fencing.DeadlineFile;
import io.kelpie.agent.fencing.DurableFile;
import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.fencing.LeaseRules;
import io.kelpie.agent.fencing.LibcBootClock;
import io.kelpie.agent.fencing.SmallFile;
import io.kelpie.agent.image.ImageLimits;
import io.kelpie.agent.image.ImageLimits.Loopback;
import io.kelpie.agent.image.ImageStore;
import io.kelpie.agent.instance.FileLedger;
import io.kelpie.agent.instance.HostLease;
import io.kelpie.agent.instance.HostProvisioner;
import io.kelpie.agent.instance.InstanceFolders;
import io.kelpie.agent.instance.InstanceManager;
import io.kelpie.agent.instance.Ledger;
import io.kelpie.agent.link.Channels;
import io.kelpie.agent.link.ControllerLink;
import io.kelpie.agent.link.GrpcTransport;
import io.kelpie.agent.link.HostDescription;
import io.kelpie.common.metrics.JvmMetrics;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.common.metrics.MetricsServer;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Taint;
import io.kelpie.proto.v1.TaintEffect;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent: everything wired together. {@link #close} ends it in the reverse order; VMs go on, and the next agent takes
 * charge of them.
 */
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    private static final int IDLE_THREAD_SECONDS = 30;
    /** A look at the host takes a few seconds; a download may take minutes, and is taken up again by the next agent. */
    private static final int WORKERS_END_SECONDS = 10;

    /** Reports in a millisecond of uptime that never come true, so that sequences of a boot only grow. */
    private static final long SEQUENCES_PER_MILLI = 1_000;

    private final Deque<Part> parts = new ArrayDeque<>();

    private record Part(String name, AutoCloseable closeable) {}

    private Agent() {}

    /**
     * Starts; returns before the agent is connected.
     *
     * @param onDefect told of a defect after which the agent must not go on, or of a first look at the host that failed
     * @throws StartupException if it cannot start; nothing of it is left running
     */
    public static Agent start(AgentConfig config, Consumer<Throwable> onDefect) throws StartupException {
        Agent agent = new Agent();
        try {
            agent.wire(config, TimeSource.system(), onDefect);
            return agent;
        } catch (IOException | RuntimeException e) {
            agent.close();
            throw new StartupException("the agent cannot start: " + e.getMessage(), e);
        } catch (StartupException e) {
            agent.close();
            throw e;
        }
    }

    private void wire(AgentConfig config, TimeSource time, Consumer<Throwable> onDefect)
            throws IOException, StartupException {
        // What is on disk.
        Machine machine = Machine.read();
        Path data = config.dataFolder();
        HostIdentity identity = opened("host identity", HostIdentity.take(data, machine));
        EpochStore epochs = EpochStore.open(data.resolve("epoch"));
        ControllerSets sets = ControllerSets.open(data.resolve("controllers"));
        Path run = config.runFolder().toAbsolutePath();
        DurableFile.createFolders(run);
        opened("run folder", FolderLock.take(run, "runFolder"));
        InstanceFolders folders = new InstanceFolders(data.resolve("instances"), config.runFolder());
        FileLedger ledger = new FileLedger(folders);
        Ledger.Contents contents = ledger.load();
        LOG.info(
                "host {} ({}), {} instances in the ledger",
                config.hostName(),
                identity.hostId(),
                contents.entries().size() + contents.damaged().size());

        // Threads. The loop ends before the drivers do: what a driver answers because it was closed must not pass for
        // what became of a VM. Workers are not interrupted, so that no start is broken off half way, and have a while
        // to
        // finish before the locks of the folders that they write to are let go.
        ExecutorService threads = threads();
        opened("threads", () -> end(threads));
        Drivers drivers = opened("drivers", Drivers.open(config, folders, time));
        ThreadLoop loop = opened("loop", new ThreadLoop(onDefect));
        ThreadWorkers workers = new ThreadWorkers(threads, loop);

        // Disks and images.
        Pools pools = pools(config);
        QemuImg qemuImg = new QemuImg(config.qemuBinary().resolveSibling("qemu-img"));
        DiskStore disks = new DiskStore(pools, qemuImg);
        ImageLimits limits = ImageLimits.defaults(config.isOneMachine() ? Loopback.ALLOWED : Loopback.REFUSED);
        ImageStore images = new ImageStore(data.resolve("images"), pools, qemuImg, limits, time);
        HostProvisioner provisioner = new HostProvisioner(images, disks, folders, threads);

        // What the host can do.
        Path scratch = data.resolve("probe");
        DurableFile.createFolders(scratch);
        HostProbe probe = HostProbe.ofThisMachine(config.qemuBinary(), scratch, time);
        HostMeasurement measurement = new HostMeasurement(
                probe::measure, data.resolve("measured"), machine.bootId(), config.qemuBinary(), Path.of("/dev/kvm"));
        HostWatch watch = new HostWatch(
                loop,
                workers,
                threads,
                measurement,
                TopologyProbe.ofThisMachine(),
                config.devices(),
                drivers.all(),
                pools,
                config.capacity()
                        .flatMap(StatedCapacity::cachedImages)
                        .<HostWatch.Images>map(stated -> () -> stated)
                        .orElse(() -> images.digests(HostState.IMAGES_MAX)));

        // Metrics.
        Metrics metrics = new Metrics();
        JvmMetrics.register(metrics);
        AgentMetrics observer = new AgentMetrics(
                metrics,
                config.drivers(),
                () -> Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime()));

        // The lease, the instances, and the stream to the leader.
        HostLease lease = HostLease.open(new HostLease.Surroundings(
                loop,
                workers,
                new LibcBootClock(),
                LeaseRules.SAFE,
                new DeadlineFile(SmallFile.untilReboot(run.resolve("deadline"))),
                machine.bootId(),
                observer));
        InstanceManager instances = new InstanceManager(
                new InstanceManager.Surroundings(
                        loop,
                        workers,
                        time,
                        ledger,
                        folders,
                        provisioner,
                        drivers.all(),
                        () -> watch.current().status(),
                        epochs::highest,
                        observer,
                        lease),
                identity.hostId().toString(),
                Machine.uptimeMillis() * SEQUENCES_PER_MILLI);
        ControllerLink link = opened(
                "stream",
                new ControllerLink(
                        new ControllerLink.Surroundings(
                                loop,
                                workers,
                                time,
                                opened("transport", new GrpcTransport(Channels.plaintext())),
                                new SplittableRandom(),
                                epochs,
                                sets,
                                lease,
                                instances,
                                new LogUploader(folders::serialLog, threads),
                                observer),
                        new HostDescription(
                                identity.hostId().toString(),
                                config.hostName(),
                                machine.bootId(),
                                version(),
                                config.labels(),
                                config.taints().stream().map(Agent::taint).toList(),
                                () -> watch.current().capabilities(config),
                                () -> watch.current().capacity(config),
                                () -> watch.current().pools(),
                                () -> watch.current().images()),
                        config.controllers()));

        // VMs are adopted and the host is measured side by side; the first Hello tells of both.
        AtomicInteger missing = new AtomicInteger(2);
        Runnable oneDone = () -> {
            if (missing.decrementAndGet() == 0) {
                link.start();
            }
        };
        loop.execute(() -> instances.recover(contents, oneDone));
        watch.start(
                () -> {
                    observer.pools(pools.names(), () -> watch.current().pools());
                    oneDone.run();
                },
                onDefect::accept,
                changed -> link.hostChanged(changed.capabilities(config), changed.capacity(config)));
        if (config.metricsAddress().isPresent()) {
            opened("metrics", new MetricsServer(metrics, config.metricsAddress().get()));
        }
        if (config.insecurePlaintext() && !config.isOneMachine()) {
            LOG.warn("connections to controllers are not encrypted (insecurePlaintext)");
        }
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.closeable().close();
            } catch (Exception e) {
                LOG.warn("cannot end {} in good order; the process ends anyway", part.name(), e);
            }
        }
    }

    private <T extends AutoCloseable> T opened(String name, T part) {
        parts.push(new Part(name, part));
        return part;
    }

    /** A thread for each job that none is free for: jobs are as many as instances at most, and never wait. */
    private static ExecutorService threads() {
        AtomicInteger number = new AtomicInteger();
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, IDLE_THREAD_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(task, "worker-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    private static void end(ExecutorService threads) throws InterruptedException {
        threads.shutdown();
        if (!threads.awaitTermination(WORKERS_END_SECONDS, TimeUnit.SECONDS)) {
            LOG.warn("work is still under way after {} s; it ends with the process", WORKERS_END_SECONDS);
        }
    }

    private static Taint taint(HostTaint taint) {
        return Taint.newBuilder()
                .setKey(taint.key())
                .setValue(taint.value())
                .setEffect(TaintEffect.TAINT_EFFECT_NO_SCHEDULE)
                .build();
    }

    private static Pools pools(AgentConfig config) throws IOException, StartupException {
        for (PoolConfig pool : config.pools()) {
            if (pool.path().startsWith(config.dataFolder())) {
                DurableFile.createFolders(pool.path());
            } else if (!Files.isDirectory(pool.path())) {
                throw new StartupException(
                        "pool " + pool.name() + ": " + pool.path() + " is no folder. Fix: make it, or mount it", null);
            }
        }
        return new Pools(config.pools());
    }

    private static String version() {
        return Optional.ofNullable(Agent.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
