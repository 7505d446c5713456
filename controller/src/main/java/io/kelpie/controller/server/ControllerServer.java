package io.kelpie.controller.server;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.kelpie.common.metrics.JvmMetrics;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.common.metrics.MetricsServer;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.api.ControllerFacts;
import io.kelpie.controller.api.HostSafety;
import io.kelpie.controller.api.OperatorServices;
import io.kelpie.controller.api.StaleHeaders;
import io.kelpie.controller.api.StoreCare;
import io.kelpie.controller.audit.FileAuditLog;
import io.kelpie.controller.backup.Restore;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlMetrics;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.Membership;
import io.kelpie.controller.dispatch.AgentStreams;
import io.kelpie.controller.dispatch.HostContacts;
import io.kelpie.controller.dispatch.LeaderWatches;
import io.kelpie.controller.dispatch.LogRelay;
import io.kelpie.controller.dispatch.NotLeadingAnswers;
import io.kelpie.controller.fence.CommandFencePlugin;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.leadership.ZooKeeperLeadership;
import io.kelpie.controller.leadership.ZooKeeperSurgery;
import io.kelpie.controller.lease.LeaderRules;
import io.kelpie.controller.lease.LeaseMetrics;
import io.kelpie.controller.lease.LeaseThread;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.server.embedded.EmbeddedZooKeeper;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ControllerSetStore;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperControllerSetStore;
import io.kelpie.controller.store.zookeeper.ZooKeeperStore;
import io.kelpie.controller.trust.ClusterPins;
import io.kelpie.controller.trust.FileClusterPins;
import io.kelpie.controller.trust.ShownEpochs;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One controller: everything wired, top to bottom; closed in the reverse order. */
public final class ControllerServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControllerServer.class);

    private static final int MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int MAX_CALLS_PER_CONNECTION = 100;
    private static final int MAX_RESETS_PER_WINDOW = 200;
    private static final int RESET_WINDOW_SECONDS = 30;
    private static final int SHUTDOWN_SECONDS = 5;

    private interface Closing {
        void close() throws Exception;
    }

    private static final long CHECK_MILLIS = 1_000;

    /** After the start, which is busy enough. */
    private static final long REHEARSAL_SECONDS = 5;

    /** Enough for the Java runtime to compile most of what they come through. */
    private static final int REHEARSED_TERMS = 20;

    private final Deque<Closing> toClose = new ArrayDeque<>();
    private final Server server;
    private @Nullable EmbeddedZooKeeper embedded;

    /** Starts the controller; when this returns it takes calls and stands for election. */
    public ControllerServer(ControllerConfig config, String version) throws IOException, InterruptedException {
        try {
            this.server = start(config, version);
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Server start(ControllerConfig config, String version) throws IOException, InterruptedException {
        TimeSource time = TimeSource.system();
        Metrics metrics = new Metrics();
        JvmMetrics.register(metrics);

        DataFolder folder = closeLater(DataFolder.take(config.dataFolder()));
        ControllerIdentity self = config.identity().heldBy(folder.id().toString());
        String connectString;
        if (config.store() instanceof ControllerConfig.Store.Embedded inProcess) {
            EmbeddedZooKeeper zooKeeper =
                    closeLater(EmbeddedZooKeeper.start(config.dataFolder().resolve("zookeeper"), inProcess.address()));
            embedded = zooKeeper;
            connectString = zooKeeper.connectString();
        } else if (config.store() instanceof ControllerConfig.Store.External external) {
            connectString = external.connectString();
        } else {
            throw new IllegalStateException("unknown store " + config.store());
        }
        ClusterPins pins = FileClusterPins.open(config.dataFolder());
        ShownEpochs shownEpochs = new ShownEpochs();
        ZooKeeperClient client = closeLater(ZooKeeperClient.connect(connectString));
        ClusterStore store = closeLater(new ZooKeeperStore(client));
        ControllerSetStore setStore = closeLater(new ZooKeeperControllerSetStore(client));
        ControllerSetView controllers = new ControllerSetView(setStore, self);
        Leadership leadership = closeLater(new ZooKeeperLeadership(client, controllers, pins, shownEpochs, time));

        metrics.gauge(
                "kelpie_read_only",
                "1 if this controller writes nothing because its store is not the one it knew.",
                () -> leadership.readOnly().isPresent() ? 1 : 0);

        ControlQueue queue = new ControlQueue();
        Leases leases = new Leases(
                store,
                self.leaseTimes().times(),
                LeaderRules.SAFE,
                time,
                ControlLoop.leaseListener(queue),
                new LeaseMetrics(metrics));
        closeLater(new LeaseThread(leases));
        ExecutorService loader = Executors.newSingleThreadExecutor(task -> daemon(task, "kelpie-load"));
        toClose.push(loader::shutdownNow);
        ControllerProbe probe = closeLater(new ControllerProbe(controllers));
        metrics.gauge(
                "kelpie_controllers_unreachable",
                "Members of the controller set that do not answer the leader.",
                () -> probe.unreachable().size());
        ControlLoop control = new ControlLoop(
                queue,
                store,
                leadership,
                leases,
                loader,
                config.scheduling(),
                new Membership(controllers, probe),
                time,
                new ControlMetrics(metrics, queue));
        closeLater(new ControlThread(control));
        LeaderWatches leaderWatches = new LeaderWatches();
        control.start(leaderWatches);
        controllers.start();
        probe.start(() -> control.view().isPresent());

        if (config.identity().founding().size() > 1) {
            ScheduledExecutorService rehearsal =
                    Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "kelpie-rehearsal"));
            toClose.push(rehearsal::shutdownNow);
            rehearsal.schedule(() -> rehearse(control, store), REHEARSAL_SECONDS, TimeUnit.SECONDS);
        }

        ExecutorService restores = Executors.newSingleThreadExecutor(task -> daemon(task, "kelpie-restore"));
        toClose.push(restores::shutdownNow);
        StoreCare care = new StoreCare(
                pins,
                new Restore(
                        new ZooKeeperSurgery(client, self, time),
                        store,
                        pins,
                        shownEpochs,
                        leadership::readOnly,
                        controllers::set,
                        self,
                        time),
                config.dataFolder(),
                restores);
        ExecutorService watches = Executors.newSingleThreadExecutor(task -> daemon(task, "kelpie-watch"));
        toClose.push(watches::shutdownNow);
        ExecutorService slow = Executors.newCachedThreadPool(task -> daemon(task, "kelpie-slow"));
        toClose.push(slow::shutdownNow);
        FileAuditLog audit = closeLater(new FileAuditLog(config.dataFolder().resolve("audit.log"), time));
        HostContacts contacts = new HostContacts(time);
        HostSafety safety = new HostSafety(
                contacts, new GrpcPeers(), config.fence().map(fence -> new CommandFencePlugin(fence, time)));
        LogRelay logs = new LogRelay();
        List<BindableService> services = new ArrayList<>();
        services.add(new AgentStreams(
                queue,
                leases,
                new NotLeadingAnswers(controllers, leadership, leases, contacts::heard),
                leaderWatches,
                logs,
                contacts,
                time));
        services.addAll(OperatorServices.create(
                control,
                queue,
                leadership,
                store,
                logs,
                facts(config, version),
                care,
                controllers,
                audit,
                safety,
                watches,
                slow,
                time));
        Server grpc = grpc(config, services, new CallMetrics(metrics, time));
        if (config.metricsAddress().isPresent()) {
            closeLater(new MetricsServer(metrics, config.metricsAddress().get()));
        }
        log.info(
                "controller {} of version {} listens on {}",
                config.identity().id(),
                version,
                Addresses.format(config.listenAddress()));
        return grpc;
    }

    /** A standby goes once through what it will have to do at once if it is to lead. */
    private static void rehearse(ControlLoop control, ClusterStore store) {
        if (control.view().isPresent()) {
            return; // it has done so in earnest
        }
        store.readHosts().whenComplete((hosts, failure) -> log.debug("hosts read for rehearsal", failure));
        try {
            log.debug(
                    "{} of {} rehearsed terms came to a VM that runs",
                    Rehearsal.play(REHEARSED_TERMS),
                    REHEARSED_TERMS);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException defect) {
            log.warn("the begin of a term could not be rehearsed: the first failover may take longer", defect);
        }
    }

    private Server grpc(ControllerConfig config, List<BindableService> services, CallMetrics metrics)
            throws IOException {
        HealthStatusManager health = new HealthStatusManager();
        NettyServerBuilder builder = NettyServerBuilder.forAddress(config.listenAddress())
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(MAX_HEADER_BYTES)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .maxRstFramesPerWindow(MAX_RESETS_PER_WINDOW, RESET_WINDOW_SECONDS)
                .handshakeTimeout(10, TimeUnit.SECONDS)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS)
                .intercept(new StaleHeaders())
                .intercept(metrics)
                .addService(health.getHealthService());
        services.forEach(builder::addService);
        Server grpc = builder.build().start();
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
        toClose.push(() -> {
            grpc.shutdown();
            if (!grpc.awaitTermination(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
                grpc.shutdownNow().awaitTermination(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
            }
        });
        return grpc;
    }

    private static ControllerFacts facts(ControllerConfig config, String version) {
        List<String> warnings = new ArrayList<>();
        if (config.insecurePlaintext()) {
            warnings.add("connections are plain text (insecurePlaintext: true)");
        }
        boolean embedded = config.store() instanceof ControllerConfig.Store.Embedded;
        return new ControllerFacts(
                config.identity().id(),
                config.identity().address(),
                version,
                embedded ? "embedded" : "external",
                warnings);
    }

    private <T extends AutoCloseable> T closeLater(T resource) {
        toClose.push(resource::close);
        return resource;
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Waits until {@link #close} was called or the controller cannot work any more.
     *
     * @return false if it cannot work any more: its own ZooKeeper has ended, e.g. because its disk failed
     */
    public boolean awaitEnd() throws InterruptedException {
        while (!server.awaitTermination(CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
            if (embedded != null && !embedded.isRunning() && !server.isShutdown()) {
                log.error("the embedded ZooKeeper server has ended; the log above says why");
                return false;
            }
        }
        return true;
    }

    /** Gives the leadership up and ends all calls. VMs go on. */
    @Override
    public void close() {
        while (!toClose.isEmpty()) {
            try {
                toClose.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                log.warn("a part of the controller could not be closed", e);
            }
        }
    }
}
