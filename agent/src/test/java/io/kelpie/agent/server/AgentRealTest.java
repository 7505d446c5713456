package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.kelpie.agent.driver.BootSector;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.ForgetInstance;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.KillInstance;
import io.kelpie.proto.v1.ProbeResult;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.StartInstance;
import io.kelpie.proto.v1.VmTemplate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole agent with real QEMU, and a leader that the test plays. */
@Tag("real")
class AgentRealTest {
    private static final UUID VM = UUID.fromString("11111111-2222-8333-8444-555555555555");
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private final List<Throwable> defects = new CopyOnWriteArrayList<>();
    private FakeController controller;
    private Agent agent;
    private Path pool;

    @BeforeEach
    void start() throws Exception {
        controller = new FakeController();
        pool = Files.createDirectories(folder.resolve("pool"));
        BootSector.write(pool.resolve("guest.raw"), "guest is up");
        agent = startAgent();
    }

    @AfterEach
    void end() throws Exception {
        long pid = controller.reports.stream()
                .mapToLong(InstanceReport::getPid)
                .filter(each -> each > 0)
                .findFirst()
                .orElse(0);
        agent.close();
        controller.close();
        ProcessHandle.of(pid).ifPresent(left -> {
            left.destroyForcibly();
            await().until(() -> isGone(pid));
        });
        assertThat(defects).isEmpty();
    }

    private Agent startAgent() throws Exception {
        return Agent.start(AgentConfig.parse("agent.yaml", config(), "h1"), defects::add);
    }

    private String config() {
        return """
                hostName: h1
                dataFolder: %s/data
                runFolder: %s/run
                controllers: ['%s']
                pools: [{name: default, path: %s}]
                guard: %s
                """.formatted(
                        folder,
                        folder,
                        controller.address(),
                        pool,
                        Path.of("target", "native", "kelpie-guard").toAbsolutePath());
    }

    private Hello awaitHello(int number) {
        await().atMost(LONG).until(() -> controller.hellos.size() >= number);
        return controller.hellos.get(number - 1);
    }

    private static Command.Builder command() {
        return Command.newBuilder().setEpoch(1).setVmId(VM.toString()).setIncarnation(1);
    }

    private static Command start(String imageFile) {
        return command()
                .setSequence(1)
                .setStart(StartInstance.newBuilder()
                        .setVmName("web-0")
                        .setJob("web")
                        .setNamespace("default")
                        .setSpecVersion(1)
                        .setTemplate(VmTemplate.newBuilder()
                                .setVcpus(1)
                                .setMemoryMib(16)
                                .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_TCG))
                                .setBoot(Boot.newBuilder()
                                        .setImage(ImageSource.newBuilder().setFile(imageFile)))
                                .setRoot(RootDisk.newBuilder().setSizeMib(8))
                                .addDisks(DataDisk.newBuilder()
                                        .setName("data")
                                        .setSizeMib(4)
                                        .setKeep(true))))
                .build();
    }

    private static boolean isGone(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/stat")).matches("(?s).*\\) [ZX] .*");
        } catch (IOException e) {
            return true;
        }
    }

    private static boolean is(InstanceReport report, InstancePhase phase) {
        return report.getPhase() == phase;
    }

    @Test
    void aVmRunsThroughARestartOfItsAgentUntilItIsForgotten() throws Exception {
        Hello first = awaitHello(1);
        assertThat(first.getHostName()).isEqualTo("h1");
        assertThat(first.getCapabilities().getTcgProbe().getOutcome()).isEqualTo(ProbeResult.Outcome.OUTCOME_VERIFIED);
        assertThat(first.getCapabilities().getDrivers(0).getUsable()).isTrue();
        assertThat(first.getCapacity().getMemoryMib()).isPositive();

        controller.command(start("guest.raw"));
        InstanceReport running = controller.awaitReport(report -> is(report, InstancePhase.INSTANCE_PHASE_RUNNING));
        assertThat(controller.acks).hasSize(1);
        assertThat(isGone(running.getPid())).isFalse();
        assertThat(running.getKeptDisks()).isTrue();
        controller.openLog(VM);
        await().atMost(LONG).until(() -> controller.log.toString().contains("guest is up"));

        agent.close();
        assertThat(isGone(running.getPid())).isFalse();
        agent = startAgent();
        Hello second = awaitHello(2);
        assertThat(second.getHostId()).isEqualTo(first.getHostId());
        assertThat(second.getClusterUuid()).isEqualTo(FakeController.CLUSTER.toString());
        assertThat(second.getInstancesList()).singleElement().satisfies(report -> {
            assertThat(report.getPhase()).isEqualTo(InstancePhase.INSTANCE_PHASE_RUNNING);
            assertThat(report.getPid()).isEqualTo(running.getPid());
            assertThat(report.getSequence()).isGreaterThan(running.getSequence());
        });

        controller.command(command()
                .setSequence(2)
                .setKill(KillInstance.getDefaultInstance())
                .build());
        InstanceReport exited = controller.awaitReport(report -> is(report, InstancePhase.INSTANCE_PHASE_EXITED));
        assertThat(exited.getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_STOPPED);
        assertThat(isGone(running.getPid())).isTrue();

        controller.command(command()
                .setSequence(3)
                .setForget(ForgetInstance.newBuilder().setDeleteDisks(true))
                .build());
        await().atMost(LONG).until(() -> controller.acks.stream().anyMatch(ack -> ack.getForgotten()));
        try (Stream<Path> left = Files.walk(folder.resolve("data/instances/" + VM))) {
            assertThat(left.filter(Files::isRegularFile))
                    .extracting(path -> path.getFileName().toString())
                    .containsExactly("highest");
        }
        try (Stream<Path> left = Files.walk(pool)) {
            assertThat(left.filter(Files::isRegularFile))
                    .extracting(path -> path.getFileName().toString())
                    .containsExactly("guest.raw");
        }
    }

    @Test
    void aLeasedVmRunsThroughARestartOfItsAgentAndEndsWithTheLease() throws Exception {
        awaitHello(1);
        controller.leaseMillis = 20_000;
        long lineage = controller.awaitLease();
        Command start = start("guest.raw");
        controller.command(start.toBuilder()
                .setLineage(lineage)
                .setStart(start.getStart().toBuilder().setLeased(true))
                .build());
        InstanceReport running = controller.awaitReport(report -> is(report, InstancePhase.INSTANCE_PHASE_RUNNING));
        assertThat(running.getLeased()).isTrue();
        assertThat(running.getMemoryMib()).isEqualTo(16);

        agent.close();
        controller.heartbeats.clear();
        agent = startAgent();
        assertThat(awaitHello(2).getLineage()).isEqualTo(lineage);
        assertThat(controller.awaitLease()).isEqualTo(lineage);
        assertThat(isGone(running.getPid())).isFalse();

        controller.leaseMillis = 0;
        InstanceReport exited = controller.awaitReport(report -> is(report, InstancePhase.INSTANCE_PHASE_EXITED));
        assertThat(exited.getExit().getReason()).isEqualTo(ExitReason.EXIT_REASON_LEASE_ENDED);
        assertThat(isGone(running.getPid())).isTrue();
        await().atMost(LONG)
                .until(() -> controller.heartbeats.stream()
                        .anyMatch(beat -> beat.getOpens() && beat.getLineage() > lineage));
    }

    @Test
    void aMissingImageIsRejectedWithItsField() {
        awaitHello(1);
        controller.command(start("absent.raw"));
        InstanceReport rejected = controller.awaitReport(report -> is(report, InstancePhase.INSTANCE_PHASE_REJECTED));
        assertThat(rejected.getField()).isEqualTo("spec.vm.boot.image.file");
        assertThat(rejected.getExit().getMessage()).contains("absent.raw");
    }

    @Test
    void aSecondAgentOnTheSameFolderIsRefused() {
        assertThatThrownBy(this::startAgent)
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("another agent");
    }

    /** Closed in the middle of its first look at the host, which writes to the folder. */
    @Test
    void aClosedAgentLeavesItsFolderAlone() throws Exception {
        agent.close();
        Thread.getAllStackTraces().forEach((thread, frames) -> {
            if (thread.getName().startsWith("worker-")) { // a thread that is about to end does nothing of ours any more
                assertThat(frames).noneMatch(frame -> frame.getClassName().startsWith("io.kelpie."));
            }
        });
    }

    @Test
    void metricsAreServed() throws Exception {
        agent.close();
        int port;
        try (java.net.ServerSocket free = new java.net.ServerSocket(0)) {
            port = free.getLocalPort();
        }
        agent = Agent.start(
                AgentConfig.parse("agent.yaml", config() + "metricsAddress: 127.0.0.1:" + port + "\n", "h1"),
                defects::add);
        await().atMost(LONG).untilAsserted(() -> {
            String text = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            assertThat(text)
                    .contains("kelpie_agent_connected 1")
                    .contains("kelpie_agent_instances{phase=\"running\"} 0")
                    .contains("kelpie_agent_starts_total{driver=\"qemu\",outcome=\"ok\"} 0")
                    .contains("kelpie_agent_pool_free_mib{pool=\"default\"}")
                    .contains("kelpie_agent_heartbeats_total")
                    .contains("jvm_threads");
        });
    }
}
