package io.kelpie.it.cluster;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Controllers and agents of the built distribution as separate processes under one folder, on free loopback ports.
 *
 * <pre>{@code
 * try (LocalCluster cluster = LocalCluster.in(folder).agents(2).drivers("qemu").start()) {
 *     cluster.kelpie("apply", "-f", file).succeeded();
 * }
 * }</pre>
 *
 * {@link #close} ends every process, the guards and their QEMUs included, and fails if one is left. The folder's path
 * should be short, as sockets lie below it. Not safe for use by several threads at once, but for {@link #kelpie}.
 */
public final class LocalCluster implements AutoCloseable {
    private static final Duration READY_MAX = Duration.ofSeconds(90);
    private static final int COMMAND_SECONDS_MAX = 180;

    private final Path folder;
    private final Distribution distribution;
    private final List<Controller> controllers;
    private final List<Agent> agents;
    private final HttpClient http = HttpClient.newHttpClient();

    private LocalCluster(Path folder, Distribution distribution, List<Controller> controllers, List<Agent> agents) {
        this.folder = folder;
        this.distribution = distribution;
        this.controllers = controllers;
        this.agents = agents;
    }

    /** A controller. */
    public record Controller(String id, String address, String metricsAddress, ServerProcess process) {}

    /**
     * An agent.
     *
     * @param folder holds {@code data}, {@code run} and {@code pool}, its pool {@code default}
     */
    public record Agent(String hostName, Path folder, String metricsAddress, ServerProcess process) {
        /** The host's pool {@code default}. */
        public Path pool() {
            return folder.resolve("pool");
        }
    }

    /** What a command of the CLI gave. */
    public record Output(List<String> command, int exitCode, String stdout, String stderr) {
        /** The same, if its exit code is 0; fails with all it said if not. */
        public Output succeeded() {
            if (exitCode != 0) {
                throw new AssertionError(command + " ended with " + exitCode + "\n" + stdout + stderr);
            }
            return this;
        }
    }

    /** Begins to describe a cluster: one controller with its own ZooKeeper and no agents, unless more is said. */
    public static Builder in(Path folder) {
        return new Builder(folder);
    }

    /** Describes a cluster. */
    public static final class Builder {
        private final Path folder;
        private int controllerCount = 1;
        private int agentCount;
        private String zooKeeper = "";
        private String drivers = "qemu";
        private int cpus = 2;
        private String memory = "2Gi";
        private Site site = Site.loopback();
        private Path guard = Path.of("");
        private Path sharedPool = Path.of("");
        private String controllerSettings = "";

        private Builder(Path folder) {
            this.folder = folder.toAbsolutePath();
        }

        /** Several controllers on an external ZooKeeper. */
        public Builder controllers(int count, String zooKeeperConnectString) {
            controllerCount = count;
            zooKeeper = zooKeeperConnectString;
            return this;
        }

        public Builder agents(int count) {
            agentCount = count;
            return this;
        }

        /** Drivers that the agents enable. */
        public Builder drivers(String... names) {
            drivers = String.join(", ", names);
            return this;
        }

        /** What each agent gives to VMs, as written in its configuration. */
        public Builder capacity(int hostCpus, String hostMemory) {
            cpus = hostCpus;
            memory = hostMemory;
            return this;
        }

        /** Where the processes run; without it, all on the loopback address. */
        public Builder site(Site where) {
            site = where;
            return this;
        }

        /** A program to use in place of the distribution's guard. */
        public Builder guard(Path program) {
            guard = program;
            return this;
        }

        /** A folder that is the pool {@code shared} of every agent. */
        public Builder sharedPool(Path pool) {
            sharedPool = pool;
            return this;
        }

        /** Lines for the configuration of every controller, beside what each needs anyway. */
        public Builder controllerSettings(String yaml) {
            controllerSettings = yaml;
            return this;
        }

        /** Starts all processes and waits until a controller leads and every agent is connected. */
        public LocalCluster start() throws IOException, InterruptedException {
            LocalCluster cluster = startWithoutWaiting();
            try {
                cluster.awaitReady();
            } catch (RuntimeException | Error e) {
                cluster.close();
                throw e;
            }
            return cluster;
        }

        /** Starts all processes. */
        public LocalCluster startWithoutWaiting() throws IOException, InterruptedException {
            Distribution distribution = Distribution.built();
            Files.createDirectories(folder.resolve("tmp"));
            Map<String, String> members = new LinkedHashMap<>();
            for (int i = 1; i <= controllerCount; i++) {
                members.put("c" + i, site.address("c" + i));
            }
            List<Controller> controllers = new ArrayList<>();
            for (Map.Entry<String, String> member : members.entrySet()) {
                controllers.add(controller(distribution, member.getKey(), member.getValue(), members));
            }
            List<String> addresses = List.copyOf(members.values());
            List<Agent> agents = new ArrayList<>();
            for (int i = 1; i <= agentCount; i++) {
                agents.add(agent(distribution, "h" + i, addresses));
            }
            LocalCluster cluster = new LocalCluster(folder, distribution, controllers, agents);
            try {
                for (ServerProcess process : cluster.processes()) {
                    process.start();
                }
            } catch (IOException e) {
                cluster.close();
                throw e;
            }
            return cluster;
        }

        private Controller controller(Distribution distribution, String id, String address, Map<String, String> members)
                throws IOException {
            Path own = Files.createDirectories(folder.resolve(id));
            String metrics = site.address(id);
            String store = zooKeeper.isEmpty()
                    ? "embeddedZooKeeper: true\nembeddedZooKeeperAddress: " + site.address(id)
                    : "zooKeeper: \"" + zooKeeper + "\"";
            Path config = own.resolve("config.yaml");
            Files.writeString(config, """
                    controllerId: %s
                    listenAddress: %s
                    dataFolder: %s
                    metricsAddress: %s
                    insecurePlaintext: %s
                    controllers: [%s]
                    %s
                    %s
                    """.formatted(
                            id,
                            address,
                            own.resolve("data"),
                            metrics,
                            !site.isLoopback(),
                            members.entrySet().stream()
                                    .map(member -> member.getKey() + "=" + member.getValue())
                                    .collect(Collectors.joining(", ")),
                            store,
                            controllerSettings));
            return new Controller(id, address, metrics, process(distribution, id, "kelpie-controller", config));
        }

        private Agent agent(Distribution distribution, String name, List<String> addresses) throws IOException {
            Path own = Files.createDirectories(folder.resolve(name));
            for (String child : List.of("data", "run", "pool")) {
                Files.createDirectories(own.resolve(child));
            }
            String metrics = site.address(name);
            String shared =
                    sharedPool.toString().isEmpty() ? "" : "  - {name: shared, path: " + sharedPool + ", shared: true}";
            Path guardProgram = guard.toString().isEmpty() ? distribution.program("kelpie-guard") : guard;
            Path config = own.resolve("config.yaml");
            Files.writeString(config, """
                    hostName: %s
                    dataFolder: %s
                    runFolder: %s
                    controllers: %s
                    labels: {rack: r-%s}
                    pools:
                      - {name: default, path: %s, shared: false}
                    %s
                    capacity: {cpus: %d, memory: %s}
                    reservedMemory: 64Mi
                    drivers: [%s]
                    guard: %s
                    metricsAddress: %s
                    insecurePlaintext: %s
                    """.formatted(
                            name,
                            own.resolve("data"),
                            own.resolve("run"),
                            addresses,
                            name,
                            own.resolve("pool"),
                            shared,
                            cpus,
                            memory,
                            drivers,
                            guardProgram,
                            metrics,
                            !site.isLoopback()));
            return new Agent(name, own, metrics, process(distribution, name, "kelpie-agent", config));
        }

        private ServerProcess process(Distribution distribution, String name, String program, Path config) {
            Map<String, String> environment = new HashMap<>(environment(folder));
            environment.putAll(site.environment(name));
            return new ServerProcess(
                    name,
                    site.command(
                            name, List.of(distribution.program(program).toString(), "--config", config.toString())),
                    environment,
                    folder.resolve(name).resolve("log"));
        }
    }

    public Path folder() {
        return folder;
    }

    public List<Controller> controllers() {
        return controllers;
    }

    public List<Agent> agents() {
        return agents;
    }

    /** A controller by its place, from 0. */
    public Controller controller(int index) {
        return controllers.get(index);
    }

    /** An agent by its place, from 0. */
    public Agent agent(int index) {
        return agents.get(index);
    }

    /** All controllers' addresses, as the CLI wants them. */
    public String controllerAddresses() {
        return controllers.stream().map(Controller::address).collect(Collectors.joining(","));
    }

    /** Waits until a controller leads and every running agent is connected. */
    public void awaitReady() {
        await("a controller to lead, in " + folder)
                .atMost(READY_MAX)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    failIfEnded();
                    return controllers.stream()
                            .anyMatch(each -> shows(each.metricsAddress(), "kelpie_controller_leading 1.0"));
                });
        for (Agent agent : agents) {
            await(agent.hostName() + " to be connected, in " + folder)
                    .atMost(READY_MAX)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> {
                        failIfEnded();
                        return shows(agent.metricsAddress(), "kelpie_agent_connected 1.0");
                    });
        }
    }

    /** The controller that leads now. */
    public Controller leader() {
        return controllers.stream()
                .filter(each -> each.process().isAlive())
                .filter(each -> shows(each.metricsAddress(), "kelpie_controller_leading 1.0"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no controller leads"));
    }

    /** Whether a process's metrics hold this line now; false if it does not answer. */
    public boolean shows(String metricsAddress, String line) {
        try {
            return metrics(metricsAddress).contains(line);
        } catch (IOException notThere) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** The value of a metric without labels; fails if the process does not answer or does not have it. */
    public double metric(String metricsAddress, String name) throws IOException, InterruptedException {
        return metrics(metricsAddress).stream()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(metricsAddress + " has no metric " + name));
    }

    /** A process's metrics, line by line. */
    public List<String> metrics(String metricsAddress) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + metricsAddress + "/metrics"))
                .timeout(Duration.ofSeconds(2))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString())
                .body()
                .lines()
                .toList();
    }

    /** Runs the CLI as its own process, talking to this cluster. */
    public Output kelpie(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(distribution.program("kelpie").toString());
        command.addAll(List.of(arguments));
        Path stdout = Files.createTempFile(folder.resolve("tmp"), "stdout", "");
        Path stderr = Files.createTempFile(folder.resolve("tmp"), "stderr", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(stdout.toFile())
                .redirectError(stderr.toFile());
        builder.environment().putAll(environment(folder));
        builder.environment().put("KELPIE_CONTROLLERS", controllerAddresses());
        builder.environment()
                .put("KELPIE_CONFIG", folder.resolve("no-config.yaml").toString());
        builder.environment().remove("KELPIE_CONTEXT");
        Process process = builder.start();
        if (!process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(command + " did not end within " + COMMAND_SECONDS_MAX + " s");
        }
        Output output = new Output(
                List.of(arguments),
                process.exitValue(),
                Files.readString(stdout, StandardCharsets.UTF_8),
                Files.readString(stderr, StandardCharsets.UTF_8));
        Files.delete(stdout);
        Files.delete(stderr);
        return output;
    }

    /** The last lines of every process's log, for messages. */
    public String logs() {
        return processes().stream()
                .map(process -> "--- " + process.name() + "\n" + process.logTail())
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() throws InterruptedException {
        // Agents first, so that none starts a VM again.
        for (Agent agent : agents) {
            thawAndClose(agent.process());
        }
        for (Controller controller : controllers) {
            thawAndClose(controller.process());
        }
        Processes.recordedBelow(folder).forEach(Processes.Identity::kill);
        // QEMUs that libvirt runs have no guard.
        Processes.naming(folder).stream()
                .filter(pid -> Processes.commandLine(pid).contains("qemu-system"))
                .forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        await("every process of " + folder + " to end")
                .atMost(Duration.ofSeconds(20))
                .until(() -> Processes.naming(folder).isEmpty());
    }

    private static void thawAndClose(ServerProcess process) throws InterruptedException {
        if (process.isAlive()) {
            try {
                process.thaw();
            } catch (IOException e) {
                throw new AssertionError("cannot signal " + process.name(), e);
            }
            process.close();
        }
    }

    private List<ServerProcess> processes() {
        List<ServerProcess> all = new ArrayList<>();
        controllers.forEach(each -> all.add(each.process()));
        agents.forEach(each -> all.add(each.process()));
        return all;
    }

    private void failIfEnded() {
        for (ServerProcess process : processes()) {
            if (!process.isAlive()) {
                throw new AssertionError(process.name() + " has ended:\n" + process.logTail());
            }
        }
    }

    /** Keeps temporary files of the programs below the folder. */
    private static Map<String, String> environment(Path folder) {
        Path temporary = folder.resolve("tmp");
        return Map.of(
                "TMPDIR", temporary.toString(),
                "KELPIE_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary,
                "JAVA_HOME", System.getProperty("java.home"));
    }
}
