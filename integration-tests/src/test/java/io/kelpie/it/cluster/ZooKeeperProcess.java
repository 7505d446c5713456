package io.kelpie.it.cluster;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * One ZooKeeper server as a process of its own, from the tests' class path: its log is synced with the disk before it
 * answers, as in production. Not safe for use by several threads at once.
 */
public final class ZooKeeperProcess implements AutoCloseable {
    private static final Duration READY_MAX = Duration.ofSeconds(60);

    private final String address;
    private final ServerProcess process;

    private ZooKeeperProcess(String address, ServerProcess process) {
        this.address = address;
        this.process = process;
    }

    /**
     * Starts a server and waits until it listens.
     *
     * @param folder where its configuration, data and log go; made if need be
     */
    public static ZooKeeperProcess start(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder.resolve("data"));
        int port = Ports.free();
        Path config = folder.resolve("zoo.cfg");
        Files.writeString(config, """
                tickTime=1000
                dataDir=%s
                clientPortAddress=127.0.0.1
                clientPort=%d
                admin.enableServer=false
                """.formatted(folder.resolve("data"), port));
        ServerProcess process = new ServerProcess(
                "zookeeper",
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:-UsePerfData",
                        "-Dzookeeper.forceSync=yes",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.apache.zookeeper.server.ZooKeeperServerMain",
                        config.toString()),
                Map.of(),
                folder.resolve("log"));
        process.start();
        ZooKeeperProcess server = new ZooKeeperProcess("127.0.0.1:" + port, process);
        try {
            await("ZooKeeper to listen on port " + port)
                    .atMost(READY_MAX)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> {
                        if (!process.isAlive()) {
                            throw new AssertionError("ZooKeeper has ended:\n" + process.logTail());
                        }
                        return listens(port);
                    });
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
        return server;
    }

    /** The connect string. */
    public String address() {
        return address;
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }
}
