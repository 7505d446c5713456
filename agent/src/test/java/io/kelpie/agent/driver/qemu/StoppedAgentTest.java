package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LeaseFile;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.agent.driver.guard.GuardRecord;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a leased instance when its agent, a process of its own, is stopped or killed. */
@Tag("real")
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoppedAgentTest {
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final Duration KILL_MARGIN = Duration.ofSeconds(2);

    @TempDir
    private Path folder;

    private Process agent;
    private BufferedReader output;
    private LaunchSpec spec;

    @BeforeEach
    void startAgent() throws Exception {
        agent = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        AgentStandIn.class.getName(),
                        folder.toString(),
                        Long.toString(LEASE.toMillis()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = agent.inputReader();
        spec = AgentStandIn.spec(folder);
        assertThat(output.readLine()).isEqualTo("runs");
    }

    @AfterEach
    void endAll() throws Exception {
        agent.destroyForcibly().waitFor();
        try (QemuDriver driver = RealQemu.driver(folder.resolve("instances"))) {
            driver.kill(spec.id(), driver.handle(spec));
        }
    }

    @Test
    void aStoppedAgentsInstanceEndsAtTheDeadline() throws Exception {
        signal("-STOP");

        assertEndsAtTheDeadline();

        signal("-CONT");
        assertThat(output.readLine()).isEqualTo("LEASE_ENDED");
    }

    @Test
    void aKilledAgentsInstanceEndsAtTheDeadline() throws Exception {
        signal("-KILL");
        agent.waitFor();

        assertEndsAtTheDeadline();
    }

    private void assertEndsAtTheDeadline() throws Exception {
        long end = LeaseFile.bootNanos() + LEASE.toNanos(); // or a little sooner: the last lease was written before
        assertThat(isAlive()).isTrue();
        await().atMost(LEASE.plus(KILL_MARGIN))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !isAlive());
        assertThat(LeaseFile.bootNanos())
                .isGreaterThan(end - Duration.ofSeconds(1).toNanos());
        assertThat(new InstanceFiles(spec.instanceFolder(), spec.runFolder())
                        .exit()
                        .orElseThrow()
                        .how())
                .isEqualTo(GuardExit.How.DEADLINE);
    }

    private boolean isAlive() throws Exception {
        return GuardRecord.read(spec.instanceFolder().resolve(InstanceFiles.RECORD_NAME))
                .orElseThrow()
                .isAlive(BootId.current());
    }

    private void signal(String signal) throws Exception {
        assertThat(new ProcessBuilder(List.of("kill", signal, Long.toString(agent.pid())))
                        .start()
                        .waitFor())
                .isZero();
        if (signal.equals("-STOP")) {
            await().until(() ->
                    Files.readString(Path.of("/proc/" + agent.pid() + "/stat")).contains(") T "));
        }
    }
}
