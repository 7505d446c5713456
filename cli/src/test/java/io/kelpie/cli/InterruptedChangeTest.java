package io.kelpie.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Samples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The real command, ended by a real signal while its change is under way. */
@Tag("real")
class InterruptedChangeTest {
    @Test
    void ctrlCWhileAChangeHasNoAnswerEndsWithExitCode1AndTellsWhatToAsk() throws IOException, InterruptedException {
        FakeCluster cluster = new FakeCluster();
        cluster.put(Samples.job("web", 1));
        CountDownLatch arrived = new CountDownLatch(1);
        cluster.onChange = arrived::countDown;
        try (FakeController controller = new FakeController(cluster, "c1")) {
            controller.hang(1_000);
            // A background job of a script ignores SIGINT, and so would its children.
            Process kelpie = new ProcessBuilder(
                            "env",
                            "--default-signal=INT",
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "io.kelpie.cli.Main",
                            "scale",
                            "job",
                            "web",
                            "3",
                            "--controllers",
                            controller.address(),
                            "--request-timeout",
                            "60s")
                    .start();
            try {
                assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();
                Process kill = new ProcessBuilder("kill", "-INT", Long.toString(kelpie.pid())).start();
                assertThat(kill.waitFor()).isZero();

                assertThat(kelpie.waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(new String(kelpie.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo("error: scale job 'web': interrupted, outcome unknown: it was sent and may have been"
                                + " done\nfix: ask with: kelpie get jobs web\n");
                assertThat(kelpie.exitValue()).isEqualTo(1);
                assertThat(new String(kelpie.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .isEmpty();
            } finally {
                kelpie.destroyForcibly();
            }
        }
    }
}
