package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.it.cluster.Distribution;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.LocalCluster.Agent;
import io.kelpie.it.cluster.LocalCluster.Output;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.it.endtoend.Operator.Vm;
import io.kelpie.it.endtoend.QemuCensus.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What would let a VM run twice by mistake is refused, with the reason and the next step, and disturbs no VM: a copy of
 * a host, a host of another cluster, a damaged ledger, and the word that a host is dead which is not.
 */
@Tag("real")
class RefusalTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Long enough for a VM that is taken for lost to be started anew. */
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(5);

    private static final Duration LEASE_AND_MORE = Duration.ofSeconds(25);

    @TempDir
    private static Path folder;

    private static LocalCluster cluster;
    private static QemuCensus census;
    private static Operator operator;

    private final List<ServerProcess> others = new ArrayList<>();
    private Map<String, Qemu> before = Map.of();

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = LocalCluster.in(folder.resolve("k"))
                .agents(1)
                .capacity(8, "2Gi")
                .start();
        census = QemuCensus.of(cluster.folder());
        operator = new Operator(cluster, folder.resolve("jobs"));
        operator.apply("steady", 2, "qemu");
        operator.running("steady");
    }

    @AfterAll
    static void stopCluster() throws Exception {
        try (LocalCluster local = cluster;
                QemuCensus observer = census) {
            // What matters is that they are closed.
        }
    }

    @BeforeEach
    void noteWhatRuns() throws Exception {
        before = qemus();
        assertThat(before).hasSize(2);
    }

    @AfterEach
    void nothingWasDisturbed() throws Exception {
        for (ServerProcess other : others) {
            other.close();
        }
        assertThat(qemus()).isEqualTo(before);
        assertThat(census.doubles()).isEmpty();
    }

    @Test
    void aSecondAgentOnOneDataFolderIsRefused() throws Exception {
        Agent agent = cluster.agent(0);
        Path config = config("same-folder", agent.folder().resolve("data"), cluster.controllerAddresses());
        assertRefusesToStart(agent("same-folder", config), "another agent uses the dataFolder", "Fix: end it");
    }

    @Test
    void aCopiedDataFolderIsRefused() throws Exception {
        Path copy = copyOfData("copied");
        Path config = config("copied", copy, cluster.controllerAddresses());
        assertRefusesToStart(agent("copied", config), "was copied or moved from", "Fix: on a copy, remove it");
    }

    /** A clone that no check on the machine has found: the same host id, under another boot. */
    @Test
    void aSecondHostUnderALiveHostIdIsRefused() throws Exception {
        Path copy = copyOfData("clone");
        Path host = copy.resolve("host");
        Files.writeString(
                host,
                Files.readString(host)
                        .replace("folder " + cluster.agent(0).folder().resolve("data"), "folder " + copy));
        Path config = config("clone", copy, cluster.controllerAddresses());
        // Its own mounts give it a kernel that seems to have been booted another time.
        Path boot = Files.writeString(folder.resolve("boot-id"), UUID.randomUUID() + "\n");
        List<String> command = List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount --bind " + boot + " /proc/sys/kernel/random/boot_id && exec \"$@\"",
                "sh",
                Distribution.built().program("kelpie-agent").toString(),
                "--config",
                config.toString());
        ServerProcess clone = process("clone", command);

        clone.start();
        await("the clone to be refused")
                .atMost(PATIENCE)
                .until(() -> Files.readString(clone.log()).contains("does not take this host"));
        assertThat(Files.readString(clone.log()))
                .containsPattern("is connected from another boot|was granted a lease under another boot")
                .contains("if the machine was cloned");
        // Longer than a lease: the clone must not get its turn when one has passed.
        Thread.sleep(LEASE_AND_MORE.toMillis());
        assertThat(Files.readString(clone.log())).doesNotContain("connected to the leader");
        assertThat(cluster.shows(cluster.agent(0).metricsAddress(), "kelpie_agent_connected 1.0"))
                .isTrue();
        clone.close();
    }

    @Test
    void anAgentPointedAtAnotherClusterIsRefusedAndItsVmsRunOn() throws Exception {
        Agent agent = cluster.agent(0);
        Path config = agent.folder().resolve("config.yaml");
        String own = Files.readString(config);
        try (LocalCluster other = LocalCluster.in(folder.resolve("o")).start()) {
            agent.process().kill();
            Files.writeString(
                    config,
                    own.replace(
                            cluster.controller(0).address(), other.controller(0).address()));
            int from = Files.readString(agent.process().log()).length();
            agent.process().start();
            await("the agent to be refused")
                    .atMost(PATIENCE)
                    .until(() -> Files.readString(agent.process().log())
                            .substring(from)
                            .contains("does not take this host"));
            assertThat(Files.readString(agent.process().log()).substring(from))
                    .contains("belongs to cluster")
                    .contains("point its agent at its own controllers");
            assertThat(qemus()).isEqualTo(before);
        } finally {
            agent.process().kill();
            Files.writeString(config, own);
            agent.process().start();
            cluster.awaitReady();
        }
    }

    @Test
    void anEntryOfTheLedgerThatIsCutStartsNothingTwice() throws Exception {
        Agent agent = cluster.agent(0);
        Vm vm = operator.vm("steady", "steady-0");
        Path entry = agent.folder()
                .resolve("data/instances")
                .resolve(vm.id())
                .resolve(Long.toString(vm.incarnation()))
                .resolve("entry");
        assertThat(entry).exists();
        agent.process().kill();
        byte[] whole = Files.readAllBytes(entry);
        byte[] half = java.util.Arrays.copyOf(whole, whole.length / 2);
        Files.write(entry, half);
        int from = Files.readString(agent.process().log()).length();
        agent.process().start();
        try {
            await("the agent to say so")
                    .atMost(PATIENCE)
                    .until(() -> Files.readString(agent.process().log())
                            .substring(from)
                            .contains("damaged"));
            Thread.sleep(LONG_ENOUGH.toMillis());
            assertThat(entry.resolveSibling("entry.damaged-1")).hasBinaryContent(half);
            assertThat(qemus()).isEqualTo(before);
            assertThat(operator.vm("steady", "steady-0").incarnation()).isEqualTo(vm.incarnation());
        } finally {
            agent.process().kill();
            Files.deleteIfExists(entry.resolveSibling("entry.damaged-1"));
            Files.write(entry, whole);
            agent.process().start();
            cluster.awaitReady();
        }
        await("the VM to be known again")
                .atMost(PATIENCE)
                .until(() -> operator.vm("steady", "steady-0").state().equals("RUNNING"));
    }

    @Test
    void theWordThatALivingHostIsDeadIsRefused() throws Exception {
        Output refused = cluster.kelpie("host", "confirm-dead", "h1", "--yes");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.stderr())
                .containsPattern("controller c1 heard host h1 [0-9]+ ms ago")
                .contains("fix: ")
                .contains("power it off");
        assertThat(operator.vm("steady", "steady-0").state()).isEqualTo("RUNNING");
    }

    private static Map<String, Qemu> qemus() throws Exception {
        Map<String, Qemu> found = new HashMap<>();
        for (Vm vm : operator.vms("steady")) {
            List<Qemu> present = census.now(vm.id());
            assertThat(present).as(vm.toString()).hasSize(1);
            found.put(vm.name(), present.get(0));
        }
        return found;
    }

    private static void assertRefusesToStart(ServerProcess agent, String reason, String nextStep) throws Exception {
        agent.start();
        await("the agent to end").atMost(PATIENCE).until(() -> !agent.isAlive());
        assertThat(Files.readString(agent.log())).contains(reason).contains(nextStep);
    }

    private static Path copyOfData(String name) throws IOException {
        Path source = cluster.agent(0).folder().resolve("data");
        Path target = folder.resolve(name);
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Path copy = target.resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else if (Files.isRegularFile(file)) {
                    Files.copy(file, copy);
                }
            }
        }
        return target;
    }

    private static Path config(String name, Path data, String controllers) throws IOException {
        Path pool = Files.createDirectories(folder.resolve(name + "-pool"));
        return Files.writeString(folder.resolve(name + ".yaml"), """
                hostName: h1
                dataFolder: %s
                runFolder: %s
                controllers: [%s]
                pools:
                  - {name: default, path: %s, shared: false}
                capacity: {cpus: 2, memory: 1Gi}
                reservedMemory: 64Mi
                drivers: [qemu]
                guard: %s
                """.formatted(
                        data,
                        folder.resolve(name + "-run"),
                        controllers,
                        pool,
                        Distribution.built().program("kelpie-guard")));
    }

    private ServerProcess agent(String name, Path config) {
        return process(
                name, List.of(Distribution.built().program("kelpie-agent").toString(), "--config", config.toString()));
    }

    private ServerProcess process(String name, List<String> command) {
        ServerProcess process = new ServerProcess(
                name,
                command,
                Map.of("JAVA_HOME", System.getProperty("java.home"), "KELPIE_JAVA_OPTS", "-Djava.io.tmpdir=" + folder),
                folder.resolve(name + ".log"));
        others.add(process);
        return process;
    }
}
