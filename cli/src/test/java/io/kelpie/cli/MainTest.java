package io.kelpie.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.VmState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process of its own. */
@Tag("real")
class MainTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final List<Process> started = new ArrayList<>();

    @TempDir
    private Path folder;

    @BeforeEach
    void aVm() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));
    }

    @AfterEach
    void close() {
        started.forEach(Process::destroyForcibly);
        controller.close();
    }

    @Test
    void dataGoesToStandardOutputAndTheRestToStandardError() throws Exception {
        Process found = start(command("get", "vms", "-o", "name"), Map.of());
        assertThat(exitCode(found)).isZero();
        assertThat(out()).isEqualTo("vm/web-0\n");
        assertThat(err()).isEmpty();

        Process missing = start(command("get", "vms", "web-9"), Map.of());
        assertThat(exitCode(missing)).isEqualTo(3);
        assertThat(out()).isEmpty();
        assertThat(err()).startsWith("error: cannot get vm 'web-9': ");
    }

    @Test
    void anAbsentControllerIsExitCode8WithoutAnyLibrarysWords() throws Exception {
        List<String> command = command("get", "vms");
        controller.close();

        Process process = start(command, Map.of());

        assertThat(exitCode(process)).isEqualTo(8);
        assertThat(err().lines()).hasSize(2);
    }

    @Test
    void endingAWatchSaysThatOnlyTheWatchingEnds() throws Exception {
        Process process = start(command("get", "vms", "-w"), Map.of());
        await().atMost(Duration.ofSeconds(20)).until(() -> out().contains("web-0"));

        process.destroy();

        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(err()).isEqualTo("stopped watching; the VMs go on: kelpie get vms\n");
    }

    @Test
    void coloursOnATerminalUnlessNoColorIsSet() throws Exception {
        String line = String.join(" ", command("get", "vms"));
        List<String> onTerminal = List.of("script", "-qec", line, "/dev/null");

        assertThat(exitCode(start(onTerminal, Map.of("TERM", "xterm")))).isZero();
        assertThat(out()).contains("\u001b[32mRUNNING\u001b[0m");
        assertThat(exitCode(start(onTerminal, Map.of("TERM", "xterm", "NO_COLOR", "1"))))
                .isZero();
        assertThat(out()).contains("RUNNING").doesNotContain("\u001b");
    }

    private List<String> command(String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--controllers",
                controller.address()));
        command.addAll(List.of(args));
        return command;
    }

    private Process start(List<String> command, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("KELPIE_") || name.equals("NO_COLOR"));
        builder.environment().putAll(environment);
        builder.environment().put("KELPIE_CONFIG", folder.resolve("config.yaml").toString());
        Process process = builder.start();
        started.add(process);
        process.getOutputStream().close();
        return process;
    }

    private static int exitCode(Process process) throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private String out() throws IOException {
        return Files.readString(folder.resolve("out"));
    }

    private String err() throws IOException {
        return Files.readString(folder.resolve("err"));
    }
}
