package io.kelpie.it.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What {@code /proc} says about processes. A zombie counts as gone. */
public final class Processes {
    /** After the command in parentheses: state is field 3, start time field 22. */
    private static final Pattern STAT = Pattern.compile("(?s).*\\) (\\S)(?: \\S+){18} (\\d+) .*");

    private static final Pattern GUARD_RECORD = Pattern.compile("(?s)kelpie-guard \\d+\n.*");
    private static final Pattern RECORDED_PROCESS = Pattern.compile("(?m)^(guard|qemu) (\\d+) (\\d+)$");
    private static final int GUARD_RECORD_BYTES_MAX = 8192;

    private Processes() {}

    /** A process with the start time that tells it from a later one of the same pid. */
    public record Identity(String role, long pid, long startTime) {
        /** Whether it still runs. */
        public boolean runs() {
            OptionalLong now = startTimeOf(pid);
            return now.isPresent() && now.getAsLong() == startTime;
        }

        /** SIGKILL, if it still runs. */
        public void kill() {
            if (runs()) {
                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    /** When the process started, in clock ticks since boot; empty if it does not run. */
    public static OptionalLong startTimeOf(long pid) {
        String stat = read(Path.of("/proc", String.valueOf(pid), "stat"));
        Matcher matcher = STAT.matcher(stat);
        if (!matcher.matches()
                || matcher.group(1).equals("Z")
                || matcher.group(1).equals("X")) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Long.parseLong(matcher.group(2)));
    }

    /** Processes whose command line names something below the folder. */
    public static List<Long> naming(Path folder) {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> pid != ProcessHandle.current().pid())
                .filter(pid -> commandLine(pid).contains(folder + "/"))
                .toList();
    }

    /** The process's arguments, separated by spaces; empty if it is gone. */
    public static String commandLine(long pid) {
        return read(Path.of("/proc", String.valueOf(pid), "cmdline"))
                .replace('\0', ' ')
                .strip();
    }

    /** Guards and their QEMUs, running or not, as the guards' records below the folder name them. */
    public static List<Identity> recordedBelow(Path folder) {
        return guardRecords(folder).stream()
                .flatMap(record -> RECORDED_PROCESS
                        .matcher(read(record))
                        .results()
                        .map(found -> new Identity(
                                found.group(1), Long.parseLong(found.group(2)), Long.parseLong(found.group(3)))))
                .toList();
    }

    /** The QEMU of an instance, as its guard recorded it. */
    public static Identity qemuOf(Path folder, String vmId, long incarnation) {
        String instance = "\ninstance " + vmId + "/" + incarnation + "\n";
        for (Path record : guardRecords(folder)) {
            String text = read(record);
            Matcher matcher = RECORDED_PROCESS.matcher(text);
            while (text.contains(instance) && matcher.find()) {
                if (matcher.group(1).equals("qemu")) {
                    return new Identity("qemu", Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)));
                }
            }
        }
        throw new AssertionError("no guard below " + folder + " has recorded a QEMU for " + vmId + "/" + incarnation);
    }

    private static List<Path> guardRecords(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Processes::isSmallFile)
                    .filter(file -> GUARD_RECORD.matcher(read(file)).matches())
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new AssertionError("cannot look for guards' records in " + folder, e);
        }
    }

    private static boolean isSmallFile(Path file) {
        try {
            return Files.isRegularFile(file) && Files.size(file) <= GUARD_RECORD_BYTES_MAX;
        } catch (IOException vanished) {
            return false;
        }
    }

    /** Latin-1, as a command line or a data file may hold any bytes; empty for what is gone. */
    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
