package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.LocalCluster.Agent;
import io.kelpie.it.cluster.LocalCluster.Output;
import io.kelpie.it.cluster.Processes;
import io.kelpie.it.cluster.ZooKeeperEnsemble;
import io.kelpie.it.endtoend.Operator.Vm;
import io.kelpie.it.endtoend.QemuCensus.Qemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hosts that are dead for certain: h1 is switched off by a fence plug-in, h3 by an operator's word. h4's management board
 * is broken in each way in turn, and h2 takes what has to move.
 *
 * <p>The plug-in really kills all processes of a host, and its {@code status} really looks whether any is left.
 *
 * <p>h3 dies before the first test, as a minute of silence has to pass before anyone's word is taken; that is what the last
 * test has to wait for, so the others come before it.
 */
@Tag("real")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostDeathTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration SILENCE = Duration.ofSeconds(60);

    /** Of the whole of a fence; a command that hangs has three quarters of it. */
    private static final int FENCE_SECONDS = 12;

    private static final String PLUGIN = """
            #!/bin/sh
            dir=$(dirname "$0")
            host=$2
            [ "$KELPIE_HOST_NAME" = "$host" ] && [ "$KELPIE_LABEL_rack" = "r-$host" ] || exit 9
            processes() {
                grep -lsaF -f "$dir/$host.trace" /proc/[0-9]*/cmdline | cut -d/ -f3
            }
            case $1 in
            status)
                if [ -n "$(processes)" ]; then echo on; else echo off; fi
                ;;
            off)
                : >"$dir/$host.began"
                case $(cat "$dir/$host.board") in
                works) processes | xargs -r kill -s KILL ;;
                refuses) echo "the power button is locked" >&2; exit 3 ;;
                lies) ;;
                hangs) sleep 600 & echo $! >"$dir/sleeper"; wait ;;
                esac
                ;;
            *) exit 2 ;;
            esac
            """;

    @TempDir
    private static Path folder;

    private static ZooKeeperEnsemble ensemble;
    private static LocalCluster cluster;
    private static QemuCensus census;
    private static Operator operator;
    private static Path plugin;
    private static long silentSinceNanos;

    @BeforeAll
    static void startCluster() throws Exception {
        plugin = Files.writeString(Files.createDirectories(folder.resolve("f")).resolve("fence"), PLUGIN);
        Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwxr-xr-x"));
        ensemble = ZooKeeperEnsemble.start(folder.resolve("z"), 1);
        cluster = LocalCluster.in(folder.resolve("k"))
                .controllers(2, ensemble.connectString())
                .agents(4)
                .capacity(8, "2Gi")
                .controllerSettings("fence: {command: [" + plugin + "], timeoutSeconds: " + FENCE_SECONDS + "}")
                .start();
        for (Agent agent : cluster.agents()) {
            Files.writeString(plugin.resolveSibling(agent.hostName() + ".trace"), agent.folder() + "/\n");
            board(agent.hostName(), "works");
        }
        census = QemuCensus.of(cluster.folder());
        operator = new Operator(cluster, folder.resolve("jobs"));
        apply(job("stays", "leave", "h4", "h4"));
        operator.running("stays");
        cluster.kelpie("cordon", "h2").succeeded();
        apply(
                job("fenced-leased", "restart", "h1", "h2"),
                job("fenced-left", "leave", "h1", "h2"),
                job("dead-leased", "restart", "h3", "h2"),
                job("dead-left", "leave", "h3", "h2"));
        for (String job : List.of("fenced-leased", "fenced-left", "dead-leased", "dead-left")) {
            operator.running(job);
        }
        cluster.kelpie("uncordon", "h2").succeeded();

        Agent dead = agent("h3");
        dead.process().kill();
        List<Processes.Identity> guards = Processes.recordedBelow(dead.folder()).stream()
                .filter(process -> process.role().equals("guard"))
                .toList();
        assertThat(guards).hasSize(2);
        guards.forEach(Processes.Identity::kill);
        silentSinceNanos = System.nanoTime();
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

    @Test
    @Order(1)
    void aBoardThatHangsIsGivenUpInTimeAndAnotherHostIsFencedMeanwhile() throws Exception {
        board("h4", "hangs");
        Qemu undisturbed = qemu("stays");
        CompletableFuture<Output> hanging = CompletableFuture.supplyAsync(() -> fence("h4"));
        await("the plug-in to hang")
                .atMost(PATIENCE)
                .until(() -> Files.exists(plugin.resolveSibling("h4.began"))
                        && Files.exists(plugin.resolveSibling("sleeper")));

        Output fenced = fence("h1").succeeded();

        assertThat(hanging).isNotDone();
        assertThat(fenced.stdout()).contains("host/h1 fenced: it is off, 2 VMs freed");
        assertThat(agent("h1").process().isAlive()).isFalse();
        assertRunsAnew("fenced-leased");
        assertRunsAnew("fenced-left");

        assertNotFenced(hanging.join(), "did not end in time and was killed");
        String sleeper = Files.readString(plugin.resolveSibling("sleeper")).strip();
        assertThat(Processes.startTimeOf(Long.parseLong(sleeper))).isEmpty();
        assertThat(qemu("stays")).isEqualTo(undisturbed);
    }

    @Test
    @Order(2)
    void aBoardThatRefusesFencesNothing() throws Exception {
        board("h4", "refuses");
        Qemu undisturbed = qemu("stays");
        assertNotFenced(fence("h4"), "ended with exit code 3: the power button is locked");
        assertThat(qemu("stays")).isEqualTo(undisturbed);
    }

    @Test
    @Order(3)
    void aHostThatIsStillOnAfterTheCommandHasSucceededIsNotFenced() throws Exception {
        board("h4", "lies");
        Qemu undisturbed = qemu("stays");
        assertNotFenced(
                fence("h4"), "was not off within " + FENCE_SECONDS + " s: 'off' succeeded, but its status is still on");
        assertThat(qemu("stays")).isEqualTo(undisturbed);
    }

    @Test
    @Order(4)
    void theWordThatADeadHostIsDeadFreesWhatItsLeaseDidNot() throws Exception {
        assertRunsAnew("dead-leased");
        Vm left = operator.vm("dead-left", "dead-left-0");
        assertThat(left.host()).isEqualTo("h3");
        assertThat(left.incarnation()).isEqualTo(1);

        Duration missing = SILENCE.minusNanos(System.nanoTime() - silentSinceNanos);
        Output[] last = new Output[1];
        await("the word to be taken")
                .pollDelay(missing.isNegative() ? Duration.ZERO : missing)
                .pollInterval(Duration.ofSeconds(1))
                .atMost(SILENCE.plus(PATIENCE))
                .until(() -> {
                    last[0] = cluster.kelpie("host", "confirm-dead", "h3", "--yes");
                    return last[0].exitCode() == 0;
                });
        assertThat(last[0].stdout()).contains("host/h3 confirmed dead, 1 VM freed");
        assertRunsAnew("dead-left");

        List<String> audit = Files.readAllLines(
                cluster.folder().resolve(cluster.leader().id()).resolve("data/audit.log"));
        String asked = audit.stream()
                .filter(line -> line.contains("\"method\":\"ConfirmHostDead\""))
                .reduce((first, second) -> second)
                .orElseThrow();
        assertThat(asked).contains("\"subject\":\"host/h3\"").contains("\"peer\":\"");
        String id = asked.replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
        assertThat(audit).anySatisfy(line -> assertThat(line).contains(id).contains("\"outcome\":\"done\""));
    }

    /** All VMs of the job run on h2, in their second incarnation, and the QEMU of the first is gone. */
    private static void assertRunsAnew(String job) throws Exception {
        await(job + " to run anew").atMost(PATIENCE).untilAsserted(() -> {
            Vm vm = operator.vm(job, job + "-0");
            assertThat(vm.state()).isEqualTo("RUNNING");
            assertThat(vm.host()).isEqualTo("h2");
            assertThat(vm.incarnation()).isEqualTo(2);
            assertThat(census.now(vm.id())).hasSize(1);
        });
    }

    /** Refused with the reason and the next step; the host goes on, and says so. */
    private static void assertNotFenced(Output refused, String reason) throws Exception {
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.stderr())
                .contains("host h4 is not confirmed to be off")
                .contains(reason)
                .contains("fix: look at the plug-in and the host's management board");
        await("h4 to be ready again")
                .atMost(PATIENCE)
                .until(() -> cluster.kelpie("describe", "host", "h4")
                        .succeeded()
                        .stdout()
                        .contains("READY"));
        assertThat(operator.vm("stays", "stays-0").incarnation()).isEqualTo(1);
    }

    private static Output fence(String host) {
        try {
            return cluster.kelpie("host", "fence", host, "--yes");
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    private static void board(String host, String behaviour) throws Exception {
        Files.writeString(plugin.resolveSibling(host + ".board"), behaviour);
    }

    private static Agent agent(String host) {
        return cluster.agents().stream()
                .filter(agent -> agent.hostName().equals(host))
                .findFirst()
                .orElseThrow();
    }

    private static Qemu qemu(String job) throws Exception {
        List<Qemu> present = census.now(operator.vm(job, job + "-0").id());
        assertThat(present).hasSize(1);
        return present.get(0);
    }

    /** One VM on either of two hosts. */
    private static String job(String name, String onHostFailure, String host, String otherHost) {
        return """
                apiVersion: kelpie/v1
                kind: Job
                metadata: {name: %s}
                spec:
                  replicas: 1
                  onHostFailure: %s
                  placement:
                    require: [{label: rack, in: [r-%s, r-%s]}]
                  vm:
                    vcpus: 1
                    memory: 16Mi
                    acceleration: {mode: any}
                    boot: {image: {file: boot.img}}
                    root: {size: 1Mi, keep: false}
                    stop: {graceSeconds: 0}
                    driver: qemu
                """.formatted(name, onHostFailure, host, otherHost);
    }

    private static void apply(String... jobs) throws Exception {
        List<String> command = new ArrayList<>(List.of("apply", "--request-timeout", "60s"));
        for (String job : jobs) {
            Path file = Files.writeString(folder.resolve("job-" + command.size() + ".yaml"), job);
            command.addAll(List.of("-f", file.toString()));
        }
        cluster.kelpie(command.toArray(new String[0])).succeeded();
    }
}
