package io.kelpie.it.cluster;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * ZooKeeper servers as separate processes under one folder, which sync every write with the disk before they answer: one
 * alone, or an ensemble. Not safe for use by several threads at once, but for {@link Server#role}.
 */
public final class ZooKeeperEnsemble implements AutoCloseable {
    private static final Duration READY_MAX = Duration.ofSeconds(60);
    private static final int ANSWER_MILLIS_MAX = 1_000;
    private static final int HEAP_MIB = 64;
    private static final String CONFIG = "zoo.cfg";

    /** What a server is to the others. */
    public enum Role {
        LEADER,
        FOLLOWER,
        /** It has no others. */
        ALONE
    }

    /**
     * One server.
     *
     * @param name {@code z1} for example
     * @param data its log and snapshots
     */
    public record Server(int id, String name, String address, Path data, ServerProcess process) {
        /** Its part in the ensemble; empty if it does not serve. */
        public Optional<Role> role() {
            String mode = status().lines()
                    .filter(line -> line.startsWith("Mode: "))
                    .findFirst()
                    .orElse("");
            return switch (mode) {
                case "Mode: leader" -> Optional.of(Role.LEADER);
                case "Mode: follower" -> Optional.of(Role.FOLLOWER);
                case "Mode: standalone" -> Optional.of(Role.ALONE);
                default -> Optional.empty();
            };
        }

        private String status() {
            String[] parts = address.split(":", 2);
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(parts[0], Integer.parseInt(parts[1])), ANSWER_MILLIS_MAX);
                socket.setSoTimeout(ANSWER_MILLIS_MAX);
                socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            } catch (IOException notThere) {
                return "";
            }
        }
    }

    private final List<Server> servers;

    private ZooKeeperEnsemble(List<Server> servers) {
        this.servers = List.copyOf(servers);
    }

    /** Starts so many servers on the loopback address and waits until all of them serve. */
    public static ZooKeeperEnsemble start(Path folder, int count) throws IOException, InterruptedException {
        return start(folder, count, Site.loopback(), HEAP_MIB);
    }

    /** Starts servers {@code z1}, {@code z2}, … at a site and waits until all of them serve. */
    public static ZooKeeperEnsemble start(Path folder, int count, Site site, int heapMib)
            throws IOException, InterruptedException {
        Path absolute = Files.createDirectories(folder.toAbsolutePath());
        List<Server> servers = new ArrayList<>();
        List<String> members = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            String name = "z" + id;
            String quorum = site.address(name);
            String election = site.address(name);
            String clients = site.address(name);
            members.add(quorum + election.substring(election.lastIndexOf(':')) + ";" + clients);
            servers.add(server(absolute.resolve(name), site, id, name, clients, heapMib));
        }
        ZooKeeperEnsemble ensemble = new ZooKeeperEnsemble(servers);
        try {
            for (Server server : servers) {
                writeConfig(absolute.resolve(server.name()), server, members);
                server.process().start();
            }
            ensemble.awaitWhole();
        } catch (IOException | RuntimeException | Error e) {
            ensemble.close();
            throw e;
        }
        return ensemble;
    }

    private static void writeConfig(Path own, Server server, List<String> members) throws IOException {
        Files.writeString(server.data().resolve("myid"), Integer.toString(server.id()));
        StringBuilder config = new StringBuilder("""
                tickTime=1000
                initLimit=10
                syncLimit=2
                dataDir=%s
                admin.enableServer=false
                4lw.commands.whitelist=srvr
                forceSync=yes
                """.formatted(server.data()));
        if (members.size() == 1) {
            String[] parts = server.address().split(":", 2);
            config.append("clientPortAddress=")
                    .append(parts[0])
                    .append("\nclientPort=")
                    .append(parts[1])
                    .append('\n');
        } else {
            for (int i = 0; i < members.size(); i++) {
                config.append("server.")
                        .append(i + 1)
                        .append('=')
                        .append(members.get(i))
                        .append('\n');
            }
        }
        Files.writeString(own.resolve(CONFIG), config);
    }

    private static Server server(Path own, Site site, int id, String name, String clients, int heapMib)
            throws IOException {
        Path data = Files.createDirectories(own.resolve("data"));
        List<String> program = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx" + heapMib + "m",
                "-cp",
                Distribution.built().folder().resolve("lib") + "/*",
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                own.resolve(CONFIG).toString());
        ServerProcess process = new ServerProcess(
                "zookeeper " + id, site.command(name, program), site.environment(name), own.resolve("log"));
        return new Server(id, name, clients, data, process);
    }

    public List<Server> servers() {
        return servers;
    }

    /** All servers' addresses. */
    public String connectString() {
        return servers.stream().map(Server::address).collect(Collectors.joining(","));
    }

    /** A server that has this role now. */
    public Server server(Role role) {
        return servers.stream()
                .filter(server -> server.role().equals(Optional.of(role)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no ZooKeeper server is " + role));
    }

    /** Waits until every server serves. */
    public void awaitWhole() {
        for (Server server : servers) {
            await("ZooKeeper server " + server.id() + " to serve, log "
                            + server.process().log())
                    .atMost(READY_MAX)
                    .until(() -> {
                        if (!server.process().isAlive()) {
                            throw new AssertionError(server.process().name() + " has ended:\n"
                                    + server.process().logTail());
                        }
                        return server.role().isPresent();
                    });
        }
    }

    @Override
    public void close() throws InterruptedException {
        for (Server server : servers) {
            if (server.process().isAlive()) {
                // Also what is frozen ends by this.
                server.process().kill();
            }
        }
    }
}
