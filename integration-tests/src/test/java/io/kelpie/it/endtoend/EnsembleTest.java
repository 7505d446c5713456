package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.kelpie.it.cluster.Distribution;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.LocalCluster.Controller;
import io.kelpie.it.cluster.Ports;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.it.cluster.ZooKeeperEnsemble;
import io.kelpie.it.endtoend.Operator.Vm;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ListVmsRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two controllers on an ensemble of three: any one server, and either controller, may be lost. */
@Tag("real")
class EnsembleTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static ZooKeeperEnsemble ensemble;
    private static LocalCluster cluster;
    private static QemuCensus census;
    private static Operator operator;

    @BeforeAll
    static void startCluster() throws Exception {
        ensemble = ZooKeeperEnsemble.start(folder.resolve("z"), 3);
        cluster = LocalCluster.in(folder.resolve("k"))
                .controllers(2, ensemble.connectString())
                .agents(2)
                .capacity(16, "4Gi")
                .start();
        census = QemuCensus.of(cluster.folder());
        operator = new Operator(cluster, folder.resolve("jobs"));
    }

    @AfterAll
    static void stopCluster() throws Exception {
        try (ZooKeeperEnsemble servers = ensemble;
                LocalCluster local = cluster;
                QemuCensus observer = census) {
            // What matters is that they are closed.
        }
    }

    @AfterEach
    void noVmEverHadTwoQemus() {
        assertThat(census.doubles()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = ZooKeeperEnsemble.Role.class,
            names = {"LEADER", "FOLLOWER"})
    void theLossOfOneZooKeeperServerDisturbsNothing(ZooKeeperEnsemble.Role role) throws Exception {
        String before = "before-" + role.name().toLowerCase(Locale.ROOT);
        String after = "after-" + role.name().toLowerCase(Locale.ROOT);
        operator.apply(before, 2, "qemu");
        operator.running(before);

        ZooKeeperEnsemble.Server lost = ensemble.server(role);
        lost.process().kill();
        try {
            operator.apply(after, 2, "qemu");
            assertRanOnce(after);
            assertRanOnce(before);
        } finally {
            lost.process().start();
            ensemble.awaitWhole();
        }
    }

    @Test
    void jobsBeforeDuringAndAfterTheLossOfTheLeadingControllerRunExactlyOnce() throws Exception {
        Controller old = cluster.leader();
        Controller other = cluster.controllers().stream()
                .filter(each -> !each.equals(old))
                .findFirst()
                .orElseThrow();
        operator.apply("before", 2, "qemu");
        operator.running("before");

        // Sent around the moment of the loss: the first ones are likely under way, the last ones find no leader.
        List<CompletableFuture<Void>> during = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            during.add(applyAfterMillis(i * 400, "during-" + i));
        }
        CompletableFuture.runAsync(
                        () -> {
                            try {
                                old.process().kill();
                            } catch (InterruptedException e) {
                                throw new CompletionException(e);
                            }
                        },
                        after(1_000))
                .join();
        try {
            during.forEach(CompletableFuture::join);
            assertThat(cluster.leader()).isEqualTo(other);
            operator.apply("after", 2, "qemu");
            for (String job : List.of("before", "during-0", "during-1", "during-2", "during-3", "after")) {
                assertRanOnce(job);
            }
            assertThat(cluster.agents())
                    .allMatch(agent -> cluster.shows(agent.metricsAddress(), "kelpie_agent_connected 1.0"));
        } finally {
            old.process().start();
            cluster.awaitReady();
        }
    }

    @Test
    void aControllerThatDoesNotLeadNamesTheLeader() throws Exception {
        Controller leader = cluster.leader();
        Controller standby = cluster.controllers().stream()
                .filter(each -> !each.equals(leader))
                .findFirst()
                .orElseThrow();
        await("the standby to serve")
                .atMost(PATIENCE)
                .until(() -> cluster.shows(standby.metricsAddress(), "kelpie_controller_leading 0.0"));
        try (RawController raw = new RawController(standby.address())) {
            ApplyJobRequest change = RawController.request("refused");
            assertNames(leader, () -> raw.jobs().applyJob(change));
            assertNames(leader, () -> raw.vms().listVms(ListVmsRequest.getDefaultInstance()));
        }
        assertThat(operator.vms("refused")).isEmpty();
    }

    /** What leads there could wait for promises that the other has made in its name. */
    @Test
    void aSecondControllerOfOneIdIsRefused() throws Exception {
        Controller leader = cluster.leader();
        Controller known = cluster.controllers().stream()
                .filter(each -> !each.equals(leader))
                .findFirst()
                .orElseThrow();
        String config = Files.readString(cluster.folder().resolve(known.id()).resolve("config.yaml"));
        Path copied = Files.createDirectories(folder.resolve("copied"));
        String ownPorts = config.replaceAll("listenAddress: .*", "listenAddress: 127.0.0.1:" + Ports.free())
                .replaceAll("metricsAddress: .*", "");
        Path copy = Files.writeString(
                copied.resolve("config.yaml"), ownPorts.replaceAll("dataFolder: .*", "dataFolder: " + copied));
        Path same = Files.writeString(copied.resolve("same-folder.yaml"), ownPorts);
        try (ServerProcess second = controller("copied", copy);
                ServerProcess third = controller("same-folder", same)) {
            second.start();
            third.start();
            await("the copy to be refused")
                    .atMost(PATIENCE)
                    .until(() -> Files.readString(second.log())
                            .contains("Fix: if this is another controller, whose configuration was copied"));
            assertThat(Files.readString(second.log()))
                    .contains("is controller " + known.id() + " since version 1 of the set");
            await("the other to end").atMost(PATIENCE).until(() -> !third.isAlive());
            assertThat(Files.readString(third.log())).contains("another controller uses the dataFolder");

            leader.process().kill();
            try {
                await("the real one to lead")
                        .atMost(PATIENCE)
                        .until(() -> cluster.shows(known.metricsAddress(), "kelpie_controller_leading 1.0"));
                assertThat(Files.readString(second.log())).doesNotContainPattern("term .* began");
            } finally {
                leader.process().start();
                cluster.awaitReady();
            }
        }
        assertThat(known.process().isAlive()).isTrue();
    }

    private static ServerProcess controller(String name, Path config) {
        return new ServerProcess(
                name,
                List.of(Distribution.built().program("kelpie-controller").toString(), "--config", config.toString()),
                Map.of("JAVA_HOME", System.getProperty("java.home"), "KELPIE_JAVA_OPTS", "-Djava.io.tmpdir=" + folder),
                folder.resolve(name + ".log"));
    }

    private static void assertNames(Controller leader, ThrowingCallable call) throws Exception {
        StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        ErrorInfo info = StatusProto.fromThrowable(refused).getDetails(0).unpack(ErrorInfo.class);
        assertThat(info.getDomain()).isEqualTo("kelpie.io");
        assertThat(info.getReason()).isEqualTo("NOT_LEADER");
        assertThat(info.getMetadataMap()).containsEntry("leader", leader.address());
    }

    private static CompletableFuture<Void> applyAfterMillis(long millis, String job) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        operator.apply(job, 1, "qemu");
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                after(millis));
    }

    private static Executor after(long millis) {
        return CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS);
    }

    /** All VMs of the job run, in their first incarnation, and each has had one QEMU ever. */
    private static void assertRanOnce(String job) throws Exception {
        List<Vm> vms = operator.running(job);
        assertThat(vms).isNotEmpty().allSatisfy(vm -> {
            assertThat(vm.state()).isEqualTo("RUNNING");
            assertThat(vm.incarnation()).isEqualTo(1);
            assertThat(census.ever(vm.id())).as("every QEMU of " + vm).hasSize(1);
            assertThat(census.now(vm.id())).containsExactlyElementsOf(census.ever(vm.id()));
        });
    }
}
