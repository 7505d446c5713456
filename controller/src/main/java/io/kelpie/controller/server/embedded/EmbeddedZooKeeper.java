package io.kelpie.controller.server.embedded;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.server.PurgeTxnLog;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A ZooKeeper server in this process, for a cluster with one controller. It answers a write when the write is synced to
 * its data folder, and clears that folder of what a restart does not need any more. It has no admin server, and of the
 * four-letter commands it knows {@code srvr} alone.
 *
 * <p>Thread-safe. At most one for a data folder.
 */
public final class EmbeddedZooKeeper implements AutoCloseable {
    /** Snapshots that are kept, each with the log from it on; the least that ZooKeeper's own purge keeps. */
    public static final int SNAPSHOTS_KEPT = 3;

    private static final Logger log = LoggerFactory.getLogger(EmbeddedZooKeeper.class);
    private static final int TICK_MILLIS = 1_000;
    private static final int MAX_CLIENTS_PER_ADDRESS = 60;
    private static final Duration PURGE_INTERVAL = Duration.ofMinutes(10);

    private final Path dataFolder;
    private final FileTxnSnapLog files;
    private final ZooKeeperServer server;
    private final ServerCnxnFactory connections;
    private final ScheduledExecutorService purge;

    private EmbeddedZooKeeper(
            Path dataFolder,
            FileTxnSnapLog files,
            ZooKeeperServer server,
            ServerCnxnFactory connections,
            ScheduledExecutorService purge) {
        this.dataFolder = dataFolder;
        this.files = files;
        this.server = server;
        this.connections = connections;
        this.purge = purge;
    }

    /**
     * Starts a server, and returns when it takes requests.
     *
     * @param dataFolder where it keeps everything; made if it is not there
     * @param address where it listens; port 0 for any that is free. Nothing authenticates, so it should be loopback
     * @throws IOException if the folder cannot be used or the address is taken
     */
    public static EmbeddedZooKeeper start(Path dataFolder, InetSocketAddress address)
            throws IOException, InterruptedException {
        Files.createDirectories(dataFolder);
        FileTxnSnapLog files = new FileTxnSnapLog(dataFolder.toFile(), dataFolder.toFile());
        // Its connection factory sets the handler for the whole process.
        Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
        ServerCnxnFactory connections;
        try {
            connections = ServerCnxnFactory.createFactory(address, MAX_CLIENTS_PER_ADDRESS);
        } catch (IOException notBound) {
            files.close();
            throw notBound;
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(handler);
        }
        ZooKeeperServer server = new ZooKeeperServer(files, TICK_MILLIS, "");
        try {
            connections.startup(server);
        } catch (IOException | InterruptedException | RuntimeException notStarted) {
            connections.shutdown();
            files.close();
            throw notStarted;
        }
        ScheduledExecutorService purge = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "kelpie-zookeeper-purge");
            thread.setDaemon(true);
            return thread;
        });
        EmbeddedZooKeeper embedded = new EmbeddedZooKeeper(dataFolder, files, server, connections, purge);
        purge.scheduleWithFixedDelay(embedded::purge, 0, PURGE_INTERVAL.toSeconds(), TimeUnit.SECONDS);
        return embedded;
    }

    /** Where clients connect: host:port. */
    public String connectString() {
        InetSocketAddress address = connections.getLocalAddress();
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    /** False once it has been closed, or has given up because it could not write to its data folder. */
    public boolean isRunning() {
        return server.isRunning();
    }

    private void purge() {
        try {
            PurgeTxnLog.purge(dataFolder.toFile(), dataFolder.toFile(), SNAPSHOTS_KEPT);
        } catch (IOException cause) {
            log.error("could not clear {} of old files, trying again in {}", dataFolder, PURGE_INTERVAL, cause);
        }
    }

    /** Stops the server; what it answered is on disk. */
    @Override
    public void close() {
        purge.shutdown();
        try {
            if (!purge.awaitTermination(PURGE_INTERVAL.toSeconds(), TimeUnit.SECONDS)) {
                log.warn("still clearing {} of old files", dataFolder);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        connections.shutdown();
        try {
            files.close();
        } catch (IOException cause) {
            log.warn("could not close the files in {}", dataFolder, cause);
        }
    }
}
