package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.LeaseFile;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.agent.driver.guard.GuardExit.How;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.agent.driver.guard.ProcessIdentity;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
        assertThat(record.qemu().pid()).isNotEqualTo(guard.pid());
    }

    @Test
    void theRecordNamesBothProcesses() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);

        GuardRecord record = awaitQemu();

        assertThat(record.guard().pid()).isEqualTo(guard.pid());
        assertThat(record.guard().isAlive()).isTrue();
        assertThat(record.qemu().isAlive()).isTrue();
        assertThat(parent(record.qemu())).isEqualTo(guard.pid());
        assertThat(new ProcessIdentity(guard.pid(), record.guard().startTicks() + 1).isAlive())
                .as("another process under the same pid")
                .isFalse();
    }

    @Test
    void whoKillsTheGuardKillsTheProgram() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();

        guard.destroyForcibly();

        awaitWithin(Duration.ofSeconds(1), () -> !program.isAlive());
        assertThat(files().exit()).isEmpty();
    }

    @Test
    void whoKillsTheGuardKillsEvenAStoppedProgram() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();
        signal("-STOP", program.pid());

        guard.destroyForcibly();

        awaitWithin(Duration.ofSeconds(1), () -> !program.isAlive());
    }

    @Test
    void onlySigkillEndsTheGuard() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();

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

        assertThat(guard.waitFor()).isEqualTo(73);
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

    // ---- leases ---------------------------------------------------------------------------------------------------

    private static final long LINEAGE = 41;
    private static final Duration SHORT = Duration.ofMillis(600);
    private static final Duration LONG = Duration.ofMinutes(10);

    private LeaseFile lease() {
        return new LeaseFile(folder.resolve("deadline"));
    }

    /** What may have become of the deadline file, none of which lets a program of lineage 41 run. */
    enum Lapse {
        NONE,
        PASSED,
        ZERO,
        OTHER_LINEAGE,
        OTHER_BOOT,
        NOT_A_NUMBER,
        NEGATIVE,
        LONGER_THAN_ANY_NUMBER,
        OTHER_FORMAT,
        EXTRA_LINE,
        WRONG_CHECKSUM,
        CUT,
        EMPTY,
        HUGE,
        MISSING,
        DIRECTORY,
        SYMBOLIC_LINK,
        PIPE;

        void happen(LeaseFile file) throws Exception {
            long later = LeaseFile.bootNanos() + LONG.toNanos();
            String boot = BootId.current();
            String good = LeaseFile.body(boot, LINEAGE, Long.toString(later));
            switch (this) {
                case NONE -> file.lapse(LINEAGE);
                case PASSED -> file.holdFor(LINEAGE, Duration.ofMillis(-1));
                case ZERO -> file.write(LINEAGE, "0");
                case OTHER_LINEAGE -> file.holdFor(LINEAGE + 1, LONG);
                case OTHER_BOOT -> file.writeChecked(LeaseFile.body(boot + "0", LINEAGE, Long.toString(later)));
                case NOT_A_NUMBER -> file.write(LINEAGE, later + "x");
                case NEGATIVE -> file.write(LINEAGE, "-" + later);
                case LONGER_THAN_ANY_NUMBER -> file.write(LINEAGE, "18446744073709551616");
                case OTHER_FORMAT -> file.writeChecked(good.replace("deadline 1", "deadline 2"));
                case EXTRA_LINE -> file.writeChecked(good + "deadline " + later + "\n");
                case WRONG_CHECKSUM -> file.writeRaw(good + "crc32 00000000\n");
                case CUT -> file.writeRaw(good);
                case EMPTY -> file.writeRaw("");
                case HUGE -> file.writeChecked(good + "x".repeat(100_000));
                case MISSING -> Files.deleteIfExists(file.path());
                case DIRECTORY -> {
                    Files.deleteIfExists(file.path());
                    Files.createDirectory(file.path());
                }
                case SYMBOLIC_LINK -> {
                    file.writeChecked(good);
                    Path elsewhere = file.path().resolveSibling("elsewhere");
                    Files.move(file.path(), elsewhere);
                    Files.createSymbolicLink(file.path(), elsewhere);
                }
                case PIPE -> {
                    Files.deleteIfExists(file.path());
                    run(List.of("mkfifo", file.path().toString()));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutALeaseNothingIsRun(Lapse lapse) throws Exception {
        lapse.happen(lease());
        Path ran = folder.resolve("ran");

        Process guard = leased("/usr/bin/touch", ran.toString());

        assertThat(guard.waitFor()).isEqualTo(69);
        assertThat(ran).doesNotExist();
        assertThat(files().record()).as("the record comes first").isPresent();
        assertThat(files().exit()).contains(new GuardExit(How.REFUSED, 0, false, Optional.empty()));
        assertThat(files().stderrTail()).contains("refused");

        assertThat(guard("/usr/bin/touch", ran.toString()).waitFor())
                .as("what was refused stays refused")
                .isEqualTo(67);
        assertThat(ran).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource
    void atTheDeadlineALapseEndsTheProgram(Lapse lapse) throws Exception {
        long end = lease().holdFor(LINEAGE, SHORT);
        Process guard = leased("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();
        lapse.happen(lease());

        assertKilledAt(end, guard, program);
    }

    @Test
    void aPassedDeadlineEndsTheProgram() throws Exception {
        long end = lease().holdFor(LINEAGE, SHORT);
        Process guard = leased("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();

        assertKilledAt(end, guard, program);
    }

    @Test
    void aPassedDeadlineEndsEvenAStoppedProgram() throws Exception {
        long end = lease().holdFor(LINEAGE, SHORT);
        Process guard = leased("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();
        signal("-STOP", program.pid());

        assertKilledAt(end, guard, program);
    }

    @Test
    void aProgramThatTalksWithoutEndDelaysNothing() throws Exception {
        long end = lease().holdFor(LINEAGE, SHORT);
        List<String> command = leasedCommand("/bin/sh", "-c", "exec yes >&3");
        command.addAll(1, List.of("--qmp-fd", "3"));
        Process guard = spawn(command);
        ProcessIdentity program = awaitQemu().qemu();

        assertKilledAt(end, guard, program);
    }

    @Test
    void theProgramIsDeadEvenIfNobodyCanBeTold() throws Exception {
        long end = lease().holdFor(LINEAGE, SHORT);
        Process guard = leased("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();
        Files.createDirectory(Path.of(files().exitFile() + ".tmp"));

        awaitWithin(untilJustAfter(end), () -> !program.isAlive());

        assertThat(guard.waitFor()).isEqualTo(72);
        assertThat(files().exit()).isEmpty();
    }

    @Test
    void laterDeadlinesOfTheLineageKeepTheProgram() throws Exception {
        long first = lease().holdFor(LINEAGE, SHORT);
        Process guard = leased("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();

        long second = lease().holdFor(LINEAGE, SHORT.multipliedBy(2));
        awaitWithin(SHORT.multipliedBy(2), () -> LeaseFile.bootNanos() > first + SHORT.toNanos() / 3);
        assertThat(program.isAlive()).isTrue();
        long third = lease().holdFor(LINEAGE, SHORT.multipliedBy(2));
        awaitWithin(SHORT.multipliedBy(2), () -> LeaseFile.bootNanos() > second + SHORT.toNanos() / 6);
        assertThat(program.isAlive()).isTrue();

        assertKilledAt(third, guard, program);
    }

    @Test
    void aFrozenLeaseIsLookedAtEverySecond() throws Exception {
        lease().holdUntilThaw(LINEAGE);
        Process guard = leased("/bin/sh", "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();
        assertThat(guard.waitFor(2500, TimeUnit.MILLISECONDS)).isFalse();

        lease().lapse(LINEAGE);

        awaitWithin(Duration.ofMillis(1500), () -> !program.isAlive());
        assertThat(guard.waitFor()).isEqualTo(70);
    }

    @Test
    void anEndOfItsOwnIsReportedAsSuch() throws Exception {
        lease().holdFor(LINEAGE, LONG);

        assertThat(leased("/bin/sh", "-c", "exit 3").waitFor()).isZero();

        assertThat(files().exit()).contains(new GuardExit(How.EXITED, 3, false, Optional.empty()));
    }

    @Test
    void theGuardIsLockedInMemory() throws Exception {
        Process guard = guard("/bin/sh", "-c", SLEEP);
        awaitQemu();

        assertThat(Files.readString(Path.of("/proc/" + guard.pid() + "/status")))
                .containsPattern("VmLck:\\s+[1-9][0-9]* kB");
    }

    /** Whatever the moment of the guard's death, no program is left that nobody guards. */
    @Test
    void aGuardThatIsKilledWhileItBeginsLeavesNothing() throws Exception {
        for (int i = 0; i < 60; i++) {
            Path own = Files.createDirectory(folder.resolve("run-" + i));
            String marker = "6" + ProcessHandle.current().pid() + i;
            List<String> command = new ArrayList<>(command("/bin/sleep", marker));
            command.replaceAll(word -> word.replace(folder + "/", own + "/"));
            Process guard = spawn(command);
            guard.waitFor(i * 100L, TimeUnit.MICROSECONDS);
            guard.destroyForcibly().waitFor();

            awaitWithin(Duration.ofSeconds(1), () -> !isRunning("/bin/sleep\0" + marker + "\0"));
        }
    }

    private void assertKilledAt(long endNanos, Process guard, ProcessIdentity program) throws Exception {
        awaitWithin(untilJustAfter(endNanos), () -> !program.isAlive());
        assertThat(LeaseFile.bootNanos()).as("not before the deadline").isGreaterThanOrEqualTo(endNanos);
        assertThat(guard.waitFor()).isEqualTo(70);
        assertThat(files().exit().orElseThrow().how()).isEqualTo(How.DEADLINE);
        assertThat(files().exit().orElseThrow().number()).isEqualTo(9);
    }

    /** A small part of the kill margin, though the machine may be busy. */
    private static Duration untilJustAfter(long endNanos) {
        return Duration.ofNanos(Math.max(0, endNanos - LeaseFile.bootNanos())).plusMillis(700);
    }

    private Process leased(String... program) throws IOException {
        return spawn(leasedCommand(program));
    }

    private List<String> leasedCommand(String... program) {
        List<String> command = new ArrayList<>(command(program));
        command.addAll(1, List.of("--deadline", lease().path().toString(), "--lineage", Long.toString(LINEAGE)));
        return command;
    }

    private static boolean isRunning(String commandLine) throws IOException {
        for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
            try {
                if (Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1)
                        .equals(commandLine)) {
                    return true;
                }
            } catch (IOException e) {
                continue; // it has ended meanwhile
            }
        }
        return false;
    }

    @Test
    void wrongLeaseArgumentsAreRefused() throws Exception {
        lease().holdFor(LINEAGE, LONG);
        String file = lease().path().toString();
        for (List<String> wrong : List.of(
                List.of("--deadline", file),
                List.of("--lineage", "41"),
                List.of("--deadline", "deadline", "--lineage", "41"),
                List.of("--deadline", file, "--lineage", "-41"),
                List.of("--deadline", file, "--lineage", "41x"),
                List.of("--deadline", file, "--lineage", ""))) {
            List<String> command = new ArrayList<>(command("/bin/true"));
            command.addAll(1, wrong);
            assertThat(run(command)).as("%s", wrong).isEqualTo(64);
        }
        assertThat(files().record()).isEmpty();
    }

    // ---- in libvirt's hands -----------------------------------------------------------------------------------------

    private Map<String, String> environment(String program) {
        return new TreeMap<>(Map.of(
                "KELPIE_QEMU",
                program,
                "KELPIE_INSTANCE",
                ID,
                "KELPIE_RECORD",
                files().recordFile().toString(),
                "KELPIE_EXIT",
                files().exitFile().toString(),
                "KELPIE_DEADLINE",
                lease().path().toString(),
                "KELPIE_LINEAGE",
                Long.toString(LINEAGE)));
    }

    private Process emulator(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(RealQemu.GUARD.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process guard = builder.start();
        guards.add(guard);
        return guard;
    }

    @Test
    void asAnEmulatorItBecomesQemuToBeAsked() throws Exception {
        Process asked = emulator(Map.of(), "-machine", "none,accel=kvm:tcg", "-version");

        assertThat(asked.inputReader().readLine()).startsWith("QEMU emulator version");
        assertThat(asked.waitFor()).isZero();
    }

    @Test
    void asAnEmulatorItRunsNoGuestUnguarded() throws Exception {
        lease().holdFor(LINEAGE, LONG);
        assertThat(emulator(Map.of(), "-machine", "q35", "-version").waitFor()).isEqualTo(64);
        assertThat(emulator(Map.of(), "-version").waitFor()).isEqualTo(64);
        for (String missing : environment("/bin/true").keySet()) {
            Map<String, String> environment = environment("/bin/true");
            environment.remove(missing);
            assertThat(emulator(environment, "-version").waitFor())
                    .as("without %s", missing)
                    .isEqualTo(64);
        }
        assertThat(files().record()).isEmpty();
    }

    @Test
    void asAnEmulatorItGuardsAndHandsTheStreamsOn() throws Exception {
        lease().holdFor(LINEAGE, LONG);

        Process guard = emulator(environment("/bin/echo"), "-machine", "q35", "a b");

        assertThat(guard.inputReader().readLine()).isEqualTo("-machine q35 a b");
        assertThat(guard.waitFor()).isZero();
        assertThat(files().record().orElseThrow().guard().pid()).isEqualTo(guard.pid());
        assertThat(files().exit().orElseThrow().how()).isEqualTo(How.EXITED);
    }

    @Test
    void asAnEmulatorItObeysTheDeadline() throws Exception {
        long end = lease().holdFor(LINEAGE, SHORT);
        Process guard = emulator(environment("/bin/sh"), "-c", SLEEP);
        ProcessIdentity program = awaitQemu().qemu();

        assertKilledAt(end, guard, program);
    }

    @Test
    void asAnEmulatorItHandsSigtermOn() throws Exception {
        lease().holdFor(LINEAGE, LONG);
        Process guard = emulator(environment("/bin/sh"), "-c", SLEEP);
        awaitQemu();

        signal("-TERM", guard.pid());

        assertThat(guard.waitFor()).isEqualTo(73);
        assertThat(files().exit().orElseThrow().number()).isEqualTo(15);
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

    // ---- fixtures -------------------------------------------------------------------------------------------------

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
        return spawn(command(program));
    }

    private Process spawn(List<String> command) throws IOException {
        Process guard = new ProcessBuilder(command)
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

    /** The record, once the program runs. */
    private GuardRecord awaitQemu() throws Exception {
        awaitWithin(Duration.ofSeconds(5), () -> files().record().isPresent());
        GuardRecord record = files().record().orElseThrow();
        Path name = Path.of("/proc/" + record.qemu().pid() + "/comm");
        awaitWithin(Duration.ofSeconds(5), () -> !Files.readString(name).contains("kelpie-guard"));
        return record;
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
