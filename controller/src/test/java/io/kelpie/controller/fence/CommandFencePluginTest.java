package io.kelpie.controller.fence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plug-ins that behave, fail, hang, lie, shout and have children. */
@Tag("real")
class CommandFencePluginTest {
    private static final FenceTarget HOST = new FenceTarget(
            "11111111-2222-3333-4444-555555555555", "h1", Map.of("bmc", "10.0.0.1", "kelpie.io/rack-no", "r 1"));

    @TempDir
    Path folder;

    /** {@code $power} is a file that says on or off; {@code $folder} is the test's own. */
    private CommandFencePlugin plugin(Duration limit, String script, String... arguments) throws IOException {
        return plugin(limit, Duration.ofMillis(50), script, arguments);
    }

    /** Asks for the status once: the time until the next question is over the limit. */
    private CommandFencePlugin askingOnce(String script) throws IOException {
        return plugin(Duration.ofSeconds(20), Duration.ofSeconds(20), script);
    }

    private CommandFencePlugin plugin(Duration limit, Duration betweenQuestions, String script, String... arguments)
            throws IOException {
        Path program = folder.resolve("plugin");
        Files.writeString(program, "#!/bin/sh\nfolder=" + folder + "\npower=$folder/power\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return new CommandFencePlugin(new FenceConfig(command, limit), betweenQuestions, TimeSource.system());
    }

    private CommandFencePlugin plugin(String script) throws IOException {
        return plugin(Duration.ofSeconds(20), script);
    }

    private static FenceFailedException failure(CommandFencePlugin plugin) {
        FenceFailedException failure = catchThrowableOfType(FenceFailedException.class, () -> plugin.powerOff(HOST));
        assertThat(failure).as("a failure").isNotNull();
        return failure;
    }

    @Test
    void theHostIsOffWhenTheStatusSaysSo() throws IOException {
        CommandFencePlugin plugin = plugin("""
                case $1 in
                    off) (sleep 0.3; echo off >$power) >/dev/null 2>&1 & wait ;;
                    status) cat $power 2>/dev/null || echo on ;;
                esac
                """);

        assertThatCode(() -> plugin.powerOff(HOST)).doesNotThrowAnyException();
    }

    @Test
    void theStatusIsAskedAgainUntilItIsOff() throws IOException {
        CommandFencePlugin plugin = plugin("""
                case $1 in
                    off) ;;
                    status)
                        echo . >>$folder/asked
                        if [ "$(wc -l <$folder/asked)" -ge 4 ]; then echo off; else echo on; fi ;;
                esac
                """);

        assertThatCode(() -> plugin.powerOff(HOST)).doesNotThrowAnyException();
        assertThat(Files.readAllLines(folder.resolve("asked"))).hasSize(4);
    }

    @Test
    void itGetsTheNameAfterItsOwnArgumentsAndTheHostInItsEnvironmentAndNothingElse() throws IOException {
        CommandFencePlugin plugin = plugin(Duration.ofSeconds(20), """
                echo "$@" >>$folder/arguments
                env | sort >$folder/environment
                echo off
                """, "--via", "bmc two");

        assertThatCode(() -> plugin.powerOff(HOST)).doesNotThrowAnyException();
        assertThat(Files.readAllLines(folder.resolve("arguments")))
                .containsExactly("--via bmc two off h1", "--via bmc two status h1");
        assertThat(Files.readAllLines(folder.resolve("environment")))
                .contains(
                        "KELPIE_HOST_ID=11111111-2222-3333-4444-555555555555",
                        "KELPIE_HOST_NAME=h1",
                        "KELPIE_LABEL_bmc=10.0.0.1",
                        "KELPIE_LABEL_kelpie_io_rack_no=r 1",
                        "LC_ALL=C")
                .noneMatch(line -> line.startsWith("HOME="));
    }

    @Test
    void aPluginThatLiesIsNotBelieved() throws IOException {
        CommandFencePlugin plugin = askingOnce("test $1 = off || echo on");

        assertThat(failure(plugin))
                .hasMessage("host h1 is not confirmed to be off: it was not off within 20 s: 'off' succeeded, but its"
                        + " status is still on");
    }

    @Test
    void aHostThatWasOffAlreadyIsOffThoughTheCommandFails() throws IOException {
        CommandFencePlugin plugin = plugin("""
                case $1 in
                    off) echo "command not supported in present state" >&2; exit 1 ;;
                    status) echo off ;;
                esac
                """);

        assertThatCode(() -> plugin.powerOff(HOST)).doesNotThrowAnyException();
    }

    @Test
    void aCommandThatFailsIsToldWithItsOwnWordsAtOnce() throws IOException {
        CommandFencePlugin plugin = plugin("""
                case $1 in
                    off) printf 'no route to \\033[31mBMC\\n' >&2; exit 3 ;;
                    status) echo on ;;
                esac
                """);

        assertThat(failure(plugin))
                .hasMessageEndingWith("/plugin off' ended with exit code 3: no route to ?[31mBMC; its status is on");
    }

    @Test
    void aStatusThatIsNeitherOnNorOffConfirmsNothing() throws IOException {
        for (String said : List.of("Off", "off\\nplease", "", "unknown", "off off")) {
            CommandFencePlugin plugin = askingOnce("test $1 = off || printf '" + said + "'");

            assertThat(failure(plugin)).as(said).hasMessageContaining("printed neither on nor off");
        }
        CommandFencePlugin failing = askingOnce("test $1 = off || { echo off; exit 1; }");
        assertThat(failure(failing)).hasMessageContaining("status' ended with exit code 1: off");
    }

    @Test
    void aPluginThatHangsIsKilledWithAllItsChildrenInTime() throws IOException {
        CommandFencePlugin plugin = plugin(Duration.ofSeconds(2), """
                echo $$ >>$folder/pids
                sleep 1000 & echo $! >>$folder/pids
                setsid sh -c 'echo $$ >>'$folder'/pids; sleep 1000; sleep 1000' &
                (trap '' TERM HUP; sleep 1000) & echo $! >>$folder/pids
                wait
                """);
        long began = System.nanoTime();

        FenceFailedException failure = failure(plugin);

        assertThat(failure).hasMessageContaining("did not end in time and was killed");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        List<Long> pids = Files.readAllLines(folder.resolve("pids")).stream()
                .map(String::strip)
                .map(Long::valueOf)
                .toList();
        assertThat(pids).hasSizeGreaterThanOrEqualTo(4);
        Awaitility.await()
                .atMost(5, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(pids).noneMatch(CommandFencePluginTest::lives));
    }

    @Test
    void whatAPluginLeavesBehindIsKilledToo() throws IOException {
        CommandFencePlugin plugin = plugin("""
                sleep 1000 & echo $! >>$folder/pids
                test $1 = off || echo off
                """);
        long began = System.nanoTime();

        assertThatCode(() -> plugin.powerOff(HOST)).doesNotThrowAnyException();

        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        assertThat(Files.readAllLines(folder.resolve("pids"))).hasSize(2);
        Awaitility.await()
                .atMost(5, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(Files.readAllLines(folder.resolve("pids")))
                        .noneMatch(pid -> lives(Long.parseLong(pid.strip()))));
    }

    @Test
    void tenMegabytesOfOutputDoNotHoldItUpAndAreNotShown() throws IOException {
        CommandFencePlugin shouting = plugin("""
                head -c 10000000 /dev/zero | tr '\\0' x >&2
                test $1 = off || echo off
                """);
        assertThatCode(() -> shouting.powerOff(HOST)).doesNotThrowAnyException();

        CommandFencePlugin failing =
                plugin(Duration.ofSeconds(3), "head -c 10000000 /dev/zero | tr '\\0' y >&2; exit 1");
        assertThat(String.valueOf(failure(failing).getMessage()))
                .hasSizeLessThan(700)
                .contains("yyyyy");
    }

    @Test
    void aProgramThatIsNotThereIsNamed() throws IOException {
        CommandFencePlugin plugin = new CommandFencePlugin(
                new FenceConfig(List.of(folder + "/absent"), Duration.ofSeconds(5)), TimeSource.system());

        assertThat(failure(plugin)).hasMessageContaining(folder + "/absent");
    }

    @Test
    void oneHostThatHangsDoesNotDelayAnother() throws Exception {
        CommandFencePlugin plugin = plugin(Duration.ofSeconds(5), """
                test $2 = h1 && sleep 1000
                test $1 = off || echo off
                """);
        CompletableFuture<Void> hanging = CompletableFuture.runAsync(() -> failure(plugin));

        plugin.powerOff(new FenceTarget("id-2", "h2", Map.of()));

        assertThat(hanging).isNotDone();
        assertThat(hanging).succeedsWithin(Duration.ofSeconds(30));
    }

    @Test
    void anInterruptEndsThePlugin() throws Exception {
        CommandFencePlugin plugin = plugin("echo $$ >$folder/pid; sleep 1000");
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                plugin.powerOff(HOST);
                interrupted.complete(false);
            } catch (InterruptedException e) {
                interrupted.complete(true);
            } catch (FenceFailedException e) {
                interrupted.completeExceptionally(e);
            }
        });
        thread.start();
        Path pid = folder.resolve("pid");
        Awaitility.await().until(() -> Files.exists(pid) && Files.size(pid) > 1);

        thread.interrupt();

        assertThat(interrupted).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(true);
        Awaitility.await()
                .until(() -> !lives(Long.parseLong(Files.readString(pid).strip())));
    }

    /** A zombie is dead: nobody may be there who takes its exit code. */
    private static boolean lives(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return false;
        }
    }
}
