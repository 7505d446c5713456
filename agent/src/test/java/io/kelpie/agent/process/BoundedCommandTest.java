package io.kelpie.agent.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class BoundedCommandTest {
    private final BoundedCommand command = new BoundedCommand(Duration.ofSeconds(10), 1000);

    @Test
    void givesBothOutputsAndTheExitCode() throws IOException {
        assertThat(command.run(sh("echo out; echo err >&2; exit 3")))
                .isEqualTo(new BoundedCommand.Result(3, "out\n", "err\n"));
    }

    @Test
    void hasABareEnvironmentAndNoInput() throws IOException {
        assertThat(command.run(sh("echo \"$LC_ALL-$HOME-$(pwd)-$(cat)\"")).stdout())
                .isEqualTo("C--/-\n");
    }

    @Test
    void isKilledAtItsDeadline() {
        BoundedCommand quick = new BoundedCommand(Duration.ofMillis(100), 1000);
        assertThatThrownBy(() -> quick.run(List.of("sleep", "60")))
                .isInstanceOf(BoundedCommand.LimitExceededException.class)
                .hasMessageContaining("did not end within 100 ms");
    }

    @Test
    void isKilledWhenItSaysTooMuch() {
        assertThatThrownBy(() -> command.run(List.of("yes")))
                .isInstanceOf(BoundedCommand.LimitExceededException.class)
                .hasMessageContaining("more than 1000 bytes");
    }

    @Test
    void endsWhenItsThreadIsInterrupted() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> command.run(List.of("sleep", "60"))).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private static List<String> sh(String script) {
        return List.of("sh", "-c", script);
    }
}
