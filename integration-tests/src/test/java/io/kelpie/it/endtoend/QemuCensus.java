package io.kelpie.it.endtoend;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An observer that counts the QEMUs of each VM from outside, by {@code /proc} alone, every 50 ms on a thread of its own.
 * It uses none of the product's code, and believes nothing that the product says. Thread-safe.
 */
final class QemuCensus implements AutoCloseable {
    private static final Path PROC = Path.of("/proc");
    private static final long INTERVAL_MILLIS = 50;

    /** After the command in parentheses, the state is the first field and the start time the twentieth. */
    private static final int START_TIME_AFTER_COMMAND = 19;

    private final String below;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "qemu-census");
        made.setDaemon(true);
        return made;
    });

    // Guarded by this.
    private final Map<String, Set<Qemu>> seen = new HashMap<>();
    private final List<String> doubles = new ArrayList<>();
    private long samples;
    private @Nullable Throwable failure;

    /**
     * A process of QEMU.
     *
     * @param startTime in clock ticks since boot; tells it from a later process of the same pid
     */
    record Qemu(String vmId, long pid, long startTime) {
        void kill() {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private QemuCensus(Path folder) {
        this.below = folder.toAbsolutePath() + "/";
    }

    /** Begins to count the QEMUs whose command line names something below the folder. */
    static QemuCensus of(Path folder) {
        QemuCensus census = new QemuCensus(folder);
        census.thread.scheduleWithFixedDelay(census::sample, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
        return census;
    }

    /** The VM's QEMUs now. */
    List<Qemu> now(String vmId) throws IOException {
        return look().stream().filter(qemu -> qemu.vmId().equals(vmId)).toList();
    }

    /** Every QEMU that the VM had in any sample. */
    synchronized Set<Qemu> ever(String vmId) {
        return Set.copyOf(seen.getOrDefault(vmId, Set.of()));
    }

    /** Moments when a VM had more than one QEMU. Fails if the observer was not at work. */
    synchronized List<String> doubles() {
        if (failure != null) {
            throw new AssertionError("the census has failed", failure);
        }
        if (samples == 0) {
            throw new AssertionError("the census has not begun");
        }
        return List.copyOf(doubles);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void sample() {
        try {
            Map<String, List<Qemu>> byVm = look().stream().collect(Collectors.groupingBy(Qemu::vmId));
            synchronized (this) {
                samples++;
                byVm.forEach((vmId, qemus) -> {
                    seen.computeIfAbsent(vmId, none -> new HashSet<>()).addAll(qemus);
                    if (qemus.size() > 1) {
                        doubles.add("sample " + samples + ": " + qemus);
                    }
                });
            }
        } catch (IOException | RuntimeException e) {
            synchronized (this) {
                failure = e;
            }
        }
    }

    private List<Qemu> look() throws IOException {
        List<Qemu> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                // A process that has ended, a zombie too, has no command line.
                String[] arguments = read(process.resolve("cmdline")).split("\0");
                String program = arguments[0].substring(arguments[0].lastIndexOf('/') + 1);
                if (program.startsWith("qemu-system")
                        && String.join(" ", arguments).contains(below)) {
                    add(process, arguments, found);
                }
            }
        }
        return found;
    }

    private static void add(Path process, String[] arguments, List<Qemu> found) {
        String stat = read(process.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        if (fields.length <= START_TIME_AFTER_COMMAND) {
            return; // it has ended meanwhile
        }
        for (int i = 0; i + 1 < arguments.length; i++) {
            if (arguments[i].equals("-uuid")) {
                found.add(new Qemu(
                        arguments[i + 1],
                        Long.parseLong(process.getFileName().toString()),
                        Long.parseLong(fields[START_TIME_AFTER_COMMAND])));
            }
        }
    }

    /** Empty for what is gone. */
    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
