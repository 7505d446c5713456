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
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A ZooKeeper ensemble of separate processes under one folder, which sync every write. Not safe for use by several
 * threads at once.
 */
public final class ZooKeeperEnsemble implements AutoCloseable {
    private static final Duration READY_MAX = Duration.ofSeconds(60);
    private static final int ANSWER_MILLIS_MAX = 1_000;

    /** What a server is to the others. */
    public enum Role {
        LEADER,
        FOLLOWER
    }

    /** One server. */
    public record Server(int id, String address, ServerProcess process) {
        /** Its part in the ensemble; empty if it does not serve. */
        public Optional<Role> role() {
            String mode = status().lines()
                    .filter(line -> line.startsWith("Mode: "))
                    .findFirst()
                    .orElse("");
            return switch (mode) {
                case "Mode: leader" -> Optional.of(Role.LEADER);
                case "Mode: follower" -> Optional.of(Role.FOLLOWER);
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

    /** Starts so many servers and waits until all of them serve. */
    public static ZooKeeperEnsemble start(Path folder, int count) throws IOException, InterruptedException {
        Path absolute = Files.createDirectories(folder.toAbsolutePath());
        Path libraries = Distribution.built().folder().resolve("lib");
        List<String> members = Stream.generate(
                        () -> "127.0.0.1:" + Ports.free() + ":" + Ports.free() + ";" + Ports.freeAddress())
                .limit(count)
                .toList();
        List<Server> servers = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            servers.add(server(absolute.resolve("z" + id), libraries, id, members));
        }
        ZooKeeperEnsemble ensemble = new ZooKeeperEnsemble(servers);
        try {
            for (Server server : servers) {
                server.process().start();
            }
            ensemble.awaitWhole();
        } catch (IOException | RuntimeException | Error e) {
            ensemble.close();
            throw e;
        }
        return ensemble;
    }

    private static Server server(Path own, Path libraries, int id, List<String> members) throws IOException {
        Path data = Files.createDirectories(own.resolve("data"));
        Files.writeString(data.resolve("myid"), Integer.toString(id));
        StringBuilder config = new StringBuilder("""
                tickTime=1000
                initLimit=10
                syncLimit=2
                dataDir=%s
                admin.enableServer=false
                4lw.commands.whitelist=srvr
                """.formatted(data));
        for (int i = 0; i < members.size(); i++) {
            config.append("server.")
                    .append(i + 1)
                    .append('=')
                    .append(members.get(i))
                    .append('\n');
        }
        Path file = Files.writeString(own.resolve("zoo.cfg"), config);
        ServerProcess process = new ServerProcess(
                "zookeeper " + id,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:-UsePerfData",
                        "-Xmx64m",
                        "-cp",
                        libraries + "/*",
                        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                        file.toString()),
                Map.of(),
                own.resolve("log"));
        String member = members.get(id - 1);
        return new Server(id, member.substring(member.indexOf(';') + 1), process);
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
                server.process().kill();
            }
        }
    }
}
