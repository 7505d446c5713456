package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.qemu.GuardExit.How;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promises of {@code kelpie-guard}, with a shell in the place of QEMU. */
@Tag("real")
class GuardTest {
    private static final String ID = "7b1f6a52-3a5c-4d55-9d6c-000000000001/3";
    private static final String SLEEP = "exec sleep 600";

    @TempDir
    private Path folder;

    private final List<Process> guards = new ArrayList<>();

    @AfterEach
    void endGuards() throws Exception {
        for (Process guard : guards) {
            guard.destroyForcibly().waitFor();
        }
        Optional<GuardRecord> record = files().record();
        if (record.isPresent()) {
            awaitWithin(Duration.ofSeconds(5), () -> !record.get().isAlive(BootId.current()));
        }
    }

    @Test
    void theRecordIsCompleteBeforeTheProgramRuns() throws Exception {
        Path seen = folder.resolve("seen");

        Process guard = guard("/bin/sh", "-c", "cp '" + files().recordFile() + "' '" + seen + "'");

        assertThat(guard.waitFor()).isZero();
        GuardRecord record = GuardRecord.read(seen).orElseThrow();
        assertThat(record.instance()).hasToString(ID);
        assertThat(record.bootId()).isEqualTo(BootId.current());
        assertThat(record.guard().pid()).isEqualTo(guard.pid());
    }

    @Test
    void theRecordNamesBothProcesses() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);

        GuardRecord record = awaitQemu();

        assertThat(record.guard().pid()).isEqualTo(guard.pid());
        assertThat(record.guard().isAlive()).isTrue();
        assertThat(record.qemu().orElseThrow().isAlive()).isTrue();
        assertThat(parent(record.qemu().orElseThrow())).isEqualTo(guard.pid());
        assertThat(new ProcessIdentity(guard.pid(), record.guard().startTicks() + 1).isAlive())
                .as("another process under the same pid")
                .isFalse();
    }

    @Test
    void whoKillsTheGuardKillsTheProgram() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu().orElseThrow();

        guard.destroyForcibly();

        awaitWithin(Duration.ofSeconds(1), () -> !program.isAlive());
        assertThat(files().exit()).isEmpty();
    }

    @Test
    void whoKillsTheGuardKillsEvenAStoppedProgram() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu().orElseThrow();
        signal("-STOP", program.pid());

        guard.destroyForcibly();

        awaitWithin(Duration.ofSeconds(1), () -> !program.isAlive());
    }

    @Test
    void onlySigkillEndsTheGuard() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu().orElseThrow();

        for (String signal : List.of("-TERM", "-INT", "-HUP", "-QUIT", "-USR1", "-PIPE", "-ALRM")) {
            signal(signal, guard.pid());
        }

        assertThat(guard.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(program.isAlive()).isTrue();
    }

    @Test
    void theExitFileHasTheExitCode() throws Exception {
        Process guard = guard("/bin/sh", "-c", "echo out of luck >&2; exit 7");

        assertThat(guard.waitFor()).isZero();
        assertThat(files().exit()).contains(new GuardExit(How.EXITED, 7, false, Optional.empty()));
        assertThat(files().stderrTail()).isEqualTo("out of luck");
    }

    @Test
    void theExitFileHasTheSignal() throws Exception {
        Process guard = guard("/bin/sh", "-c", "kill -SEGV $$");

        assertThat(guard.waitFor()).isZero();
        assertThat(files().exit()).contains(new GuardExit(How.SIGNALED, 11, false, Optional.empty()));
    }

    @Test
    void aProgramThatCannotBeExecutedIsReported() throws Exception {
        Process guard = guard(folder.resolve("missing").toString());

        assertThat(guard.waitFor()).isEqualTo(68);
        assertThat(files().exit()).contains(new GuardExit(How.EXEC_FAILED, 2, false, Optional.empty()));
    }

    @Test
    void aSecondGuardOfTheInstanceIsRefused() throws Exception {
        guard("/bin/sh", "-c", SLEEP);
        GuardRecord first = awaitQemu();
        Path ran = folder.resolve("ran");

        Process second = guard("/usr/bin/touch", ran.toString());

        assertThat(second.waitFor()).isEqualTo(65);
        assertThat(ran).doesNotExist();
        assertThat(files().record()).contains(first);
        assertThat(first.guard().isAlive()).isTrue();
        assertThat(files().close()).isFalse();
    }

    @Test
    void anInstanceIsRunOnce() throws Exception {
        guard("/bin/true").waitFor();
        Path ran = folder.resolve("ran");

        assertThat(guard("/usr/bin/touch", ran.toString()).waitFor()).isEqualTo(67);
        Files.delete(files().exitFile());
        assertThat(guard("/usr/bin/touch", ran.toString()).waitFor()).isEqualTo(67);

        assertThat(ran).doesNotExist();
    }

    @Test
    void aClosedInstanceIsNotRun() throws Exception {
        assertThat(files().close()).isTrue();
        Path ran = folder.resolve("ran");

        assertThat(guard("/usr/bin/touch", ran.toString()).waitFor()).isEqualTo(66);

        assertThat(ran).doesNotExist();
        assertThat(files().record()).isEmpty();
    }

    @Test
    void nothingIsRunWithoutARecord() throws Exception {
        Files.createDirectory(Path.of(files().recordFile() + ".tmp"));
        Path ran = folder.resolve("ran");

        assertThat(guard("/usr/bin/touch", ran.toString()).waitFor()).isEqualTo(72);

        assertThat(ran).doesNotExist();
    }

    @Test
    void theGuardLeadsASessionOfItsOwnAndKeepsNoDescriptor() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        awaitQemu();

        assertThat(field(guard.pid(), 5)).as("session").isEqualTo(Long.toString(guard.pid()));
        assertThat(field(guard.pid(), 6)).as("terminal").isEqualTo("0");
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + guard.pid() + "/fd/0")))
                .hasToString("/dev/null");
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + guard.pid() + "/fd/1")))
                .hasToString("/dev/null");
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + guard.pid() + "/fd/2")))
                .isEqualTo(files().stderrFile().toRealPath());
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + guard.pid() + "/cwd")))
                .hasToString("/");
    }

    @Test
    void theProgramBlocksAndIgnoresNoSignal() throws Exception {
        Path seen = folder.resolve("seen");
        long internalToLibc = 0x180000000L; // 32 and 33: no program sets them, Java's spawn leaves them ignored

        guard("/bin/sh", "-c", "exec grep -E '^Sig(Blk|Ign)' /proc/self/status > '" + seen + "'")
                .waitFor();

        List<String> lines = Files.readAllLines(seen);
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).isEqualTo("SigBlk:\t0000000000000000");
        long ignored = Long.parseUnsignedLong(lines.get(1).substring("SigIgn:\t".length()), 16);
        assertThat(ignored & ~internalToLibc).isZero();
    }

    @Test
    void wrongArgumentsAreRefused() throws Exception {
        assertThat(run(List.of(RealQemu.GUARD.toString()))).isEqualTo(64);
        assertThat(run(List.of(RealQemu.GUARD.toString(), "--record", "/r", "--", "/bin/true")))
                .isEqualTo(64);
        List<String> relative = new ArrayList<>(command("bin/true"));
        assertThat(run(relative)).isEqualTo(64);
        List<String> unknown = new ArrayList<>(command("/bin/true"));
        unknown.add(1, "--unknown");
        unknown.add(2, "x");
        assertThat(run(unknown)).isEqualTo(64);
        assertThat(files().record()).isEmpty();
    }

    // ---- fixtures
    // -----------------------------------------------------------------------------------------------------

    private InstanceFiles files() {
        return new InstanceFiles(folder, folder);
    }

    private List<String> command(String... program) {
        List<String> command = new ArrayList<>(List.of(
                RealQemu.GUARD.toString(),
                "--instance",
                ID,
                "--record",
                files().recordFile().toString(),
                "--exit",
                files().exitFile().toString(),
                "--stderr",
                files().stderrFile().toString(),
                "--lock",
                files().lockFile().toString(),
                "--"));
        command.addAll(List.of(program));
        return command;
    }

    private Process guard(String... program) throws IOException {
        Process guard = new ProcessBuilder(command(program))
                .redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        guards.add(guard);
        return guard;
    }

    private static int run(List<String> command) throws Exception {
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private GuardRecord awaitQemu() throws Exception {
        awaitWithin(
                Duration.ofSeconds(5),
                () -> files().record().flatMap(GuardRecord::qemu).isPresent());
        return files().record().orElseThrow();
    }

    private static long parent(ProcessIdentity process) throws IOException {
        return Long.parseLong(field(process.pid(), 3));
    }

    /** A field of {@code /proc/PID/stat}, counted from 0, of a process whose name has no space. */
    private static String field(long pid, int index) throws IOException {
        return Files.readString(Path.of("/proc/" + pid + "/stat")).split(" ")[index];
    }

    private static void signal(String signal, long pid) throws Exception {
        assertThat(run(List.of("kill", signal, Long.toString(pid)))).isZero();
    }

    private static void awaitWithin(Duration deadline, Callable<Boolean> condition) {
        await().atMost(deadline).pollInterval(Duration.ofMillis(5)).until(condition);
    }
}
