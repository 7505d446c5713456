package io.kelpie.it.chaos;

import io.kelpie.it.cluster.BootSector;
import io.kelpie.it.cluster.Commands;
import io.kelpie.it.cluster.Distribution;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.LocalCluster.Agent;
import io.kelpie.it.cluster.LocalCluster.Controller;
import io.kelpie.it.cluster.Processes;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.it.cluster.ZooKeeperEnsemble;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Three ZooKeeper servers {@code z1}…, three controllers {@code c1}… and three agents {@code h1}…, each in a network
 * namespace of its own, with a pool that the agents share, an operator and the observer. Not safe for use by several
 * threads at once, but for the parts that are.
 */
public final class TestCluster implements AutoCloseable {
    private static final int SIZE = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

    private final Network network;
    private final ZooKeeperEnsemble ensemble;
    private final LocalCluster kelpie;
    private final Watcher watcher;
    private final OperatorClient operator;
    private final Path folder;

    private TestCluster(
            Network network,
            ZooKeeperEnsemble ensemble,
            LocalCluster kelpie,
            Watcher watcher,
            OperatorClient operator,
            Path folder) {
        this.network = network;
        this.ensemble = ensemble;
        this.kelpie = kelpie;
        this.watcher = watcher;
        this.operator = operator;
        this.folder = folder;
    }

    /** What a cluster is made for. */
    public enum Purpose {
        /** Data folders are small file systems of their own, and wall clocks can be set. */
        FAULTS(64),
        /** Everything as in production, in one folder. */
        MEASUREMENT(512);

        private final int zooKeeperHeapMib;

        Purpose(int zooKeeperHeapMib) {
            this.zooKeeperHeapMib = zooKeeperHeapMib;
        }
    }

    /** Something done with the ensemble before the first controller is started. */
    public interface Seeding {
        /** @param controllers addresses that the controllers will have, by their ids */
        void seed(ZooKeeperEnsemble ensemble, Map<String, String> controllers) throws Exception;
    }

    /** Starts everything and waits until it is ready. */
    public static TestCluster start(Path folder, Purpose purpose, Seeding seeding, Consumer<String> transcript)
            throws Exception {
        List<String> zooKeepers = names("z");
        List<String> controllers = names("c");
        List<String> hosts = names("h");
        List<String> all = new ArrayList<>(zooKeepers);
        all.addAll(controllers);
        all.addAll(hosts);
        Network network = Network.of(all);
        Path own = Files.createDirectories(folder.resolve("k"));
        List<String> ours = new ArrayList<>(controllers);
        ours.addAll(hosts);
        Path guard = guard(folder);
        if (purpose == Purpose.FAULTS) {
            for (String node : ours) {
                Path data = Files.createDirectories(own.resolve(node).resolve("data"));
                Commands.run("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", data.toString());
                Path clock = Files.writeString(own.resolve(node).resolve("clock"), "+0s\n");
                network.environment(
                        node,
                        Map.of(
                                "LD_PRELOAD", FAKETIME,
                                "FAKETIME_TIMESTAMP_FILE", clock.toString(),
                                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                                "FAKETIME_CACHE_DURATION", "1",
                                // Without this, waits with a timeout spin.
                                "FAKETIME_FORCE_MONOTONIC_FIX", "0"));
            }
        }
        Path shared = Files.createDirectories(folder.resolve("shared"));
        ZooKeeperEnsemble ensemble =
                ZooKeeperEnsemble.start(folder.resolve("z"), SIZE, network, purpose.zooKeeperHeapMib);
        seeding.seed(ensemble, controllers.stream().collect(Collectors.toMap(id -> id, network::firstAddress)));
        LocalCluster kelpie = LocalCluster.in(own)
                .controllers(SIZE, ensemble.connectString())
                .agents(SIZE)
                .capacity(16, "2Gi")
                .site(network)
                .guard(guard)
                .sharedPool(shared)
                .startWithoutWaiting();
        for (Agent agent : kelpie.agents()) {
            BootSector.writeTo(agent.pool().resolve("boot.img"));
            SequenceGuest.writeTo(agent.pool().resolve("sequence.img"));
        }
        Watcher watcher = Watcher.start(shared.resolve("kelpie/vms"), folder.resolve("observer.log"), transcript);
        kelpie.awaitReady();
        OperatorClient operator = new OperatorClient(
                kelpie.controllers().stream().map(Controller::address).toList());
        TestCluster cluster = new TestCluster(network, ensemble, kelpie, watcher, operator, folder);
        if (purpose == Purpose.FAULTS) {
            cluster.requireFaketime();
        }
        return cluster;
    }

    private static List<String> names(String prefix) {
        return Stream.iterate(1, i -> i + 1).limit(SIZE).map(i -> prefix + i).toList();
    }

    /** Without the library the clocks would not jump, and nobody would notice. */
    private void requireFaketime() throws IOException {
        for (String node :
                Stream.concat(nodes("c").stream(), nodes("h").stream()).toList()) {
            Path maps = Path.of("/proc", Long.toString(process(node).pid()), "maps");
            if (!Files.readString(maps).contains(FAKETIME)) {
                throw new IllegalStateException(node + " does not use " + FAKETIME + " (./dev setup installs it)");
            }
        }
    }

    /** The distribution's guard, without the set clock: guards and QEMUs are to be exactly those of production. */
    private static Path guard(Path folder) throws IOException {
        Path script = folder.resolve("guard");
        Files.writeString(script, """
                #!/bin/sh
                unset LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_DONT_FAKE_MONOTONIC FAKETIME_CACHE_DURATION
                unset FAKETIME_SHARED FAKETIME_FORCE_MONOTONIC_FIX
                exec %s "$@"
                """.formatted(Distribution.built().program("kelpie-guard")));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    public Network network() {
        return network;
    }

    public ZooKeeperEnsemble ensemble() {
        return ensemble;
    }

    public LocalCluster kelpie() {
        return kelpie;
    }

    public Watcher watcher() {
        return watcher;
    }

    public OperatorClient operator() {
        return operator;
    }

    public Path folder() {
        return folder;
    }

    /** A process by the name of its node. */
    public ServerProcess process(String node) {
        return Objects.requireNonNull(processes().get(node), node);
    }

    private Map<String, ServerProcess> processes() {
        Map<String, ServerProcess> all = new HashMap<>();
        ensemble.servers().forEach(each -> all.put(each.name(), each.process()));
        kelpie.controllers().forEach(each -> all.put(each.id(), each.process()));
        kelpie.agents().forEach(each -> all.put(each.hostName(), each.process()));
        return all;
    }

    /** Nodes by their kind: {@code z}, {@code c} or {@code h}. */
    public List<String> nodes(String prefix) {
        return names(prefix);
    }

    /** Applies a job while only one host takes VMs, and waits until all of its VMs run there. */
    public void applyOn(String host, JobSpec job) throws InterruptedException {
        for (String other : names("h")) {
            if (!other.equals(host)) {
                operator.cordon(other, true, PATIENCE);
            }
        }
        operator.apply(job, PATIENCE);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (running(job) < job.getReplicas()) {
            if (System.nanoTime() >= deadline) {
                throw new IllegalStateException("the VMs of " + job.getName() + " do not run on " + host);
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
        for (String other : names("h")) {
            operator.cordon(other, false, PATIENCE);
        }
    }

    private long running(JobSpec job) throws InterruptedException {
        return operator.vms(PATIENCE).stream()
                .filter(vm -> vm.getRecord().getJob().equals(job.getName()))
                .filter(vm -> vm.getRecord().getState() == VmState.VM_STATE_RUNNING)
                .count();
    }

    /** The host that runs the most VMs. */
    public String fullest() {
        return names("h").stream()
                .max(Comparator.comparingInt(host -> qemusOf(host).size()))
                .orElseThrow();
    }

    /** Pids of the QEMUs that a host runs. */
    public Set<Long> qemusOf(String host) {
        return recorded(host).stream()
                .filter(each -> each.role().equals("qemu"))
                .map(Processes.Identity::pid)
                .collect(Collectors.toSet());
    }

    /** The controller that leads, if one does. */
    public Optional<String> leader() {
        return kelpie.controllers().stream()
                .filter(each -> each.process().isAlive())
                .filter(each -> kelpie.shows(each.metricsAddress(), "kelpie_controller_leading 1.0"))
                .map(Controller::id)
                .findFirst();
    }

    /** The ZooKeeper server that leads, if one does. */
    public Optional<String> zooKeeperLeader() {
        return ensemble.servers().stream()
                .filter(each -> each.role().equals(Optional.of(ZooKeeperEnsemble.Role.LEADER)))
                .map(ZooKeeperEnsemble.Server::name)
                .findFirst();
    }

    /** The data folder of a controller or an agent. */
    public Path data(String node) {
        return folder.resolve("k").resolve(node).resolve("data");
    }

    /** Sets a controller's or an agent's wall clock, by a difference. */
    public void clock(String node, String difference) throws IOException {
        Files.writeString(folder.resolve("k").resolve(node).resolve("clock"), difference + "\n");
    }

    /** QEMUs that a host runs, and their guards, as the guards recorded it. */
    public List<Processes.Identity> recorded(String host) {
        return Processes.recordedBelow(folder.resolve("k").resolve(host)).stream()
                .filter(Processes.Identity::runs)
                .toList();
    }

    /** Names of those of the processes that are not alive. */
    public String dead() {
        return processes().entrySet().stream()
                .filter(each -> !each.getValue().isAlive())
                .map(Map.Entry::getKey)
                .sorted()
                .collect(Collectors.joining(", "));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        operator.close();
        try {
            kelpie.close();
        } finally {
            ensemble.close();
            watcher.close();
        }
    }
}
