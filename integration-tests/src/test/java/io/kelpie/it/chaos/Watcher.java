package io.kelpie.it.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The harness's end of {@link Observer}, which is a process of its own. Thread-safe. */
public final class Watcher implements AutoCloseable {
    private static final int ANSWER_SECONDS_MAX = 20;

    private final Process process;
    private final Writer toObserver;
    private final Thread reader;
    private final Consumer<String> transcript;

    // Guarded by this.
    private final Map<Long, Qemu> live = new HashMap<>();
    private final List<End> ends = new ArrayList<>();
    private final List<Start> starts = new ArrayList<>();
    private final Set<String> synced = new TreeSet<>();
    private final List<String> diskFaults = new ArrayList<>();
    private final Map<String, Long> overlaps = new HashMap<>();
    private Optional<Summary> summary = Optional.empty();
    private boolean ended;
    private int syncs;

    /** A process of QEMU. */
    public record Qemu(String vm, long pid, long startedMillis) {}

    /** The beginning of a QEMU, as seen at {@code atMillis}. */
    public record Start(long atMillis, Qemu qemu) {}

    /** The end of a QEMU, which was seen alive last at {@code lastMillis}, and not any more at {@code atMillis}. */
    public record End(long atMillis, Qemu qemu, long lastMillis) {}

    /**
     * What the observer says of itself.
     *
     * @param numbers how many numbers the guests have written as it saw
     */
    public record Summary(long samples, long gapMillisMax, long diskReads, long numbers) {
        /** As long as a host may take to end what has lost its lease: an overlap within it would still count. */
        private static final long BLIND_MILLIS_MAX = 2_000;

        /** Why it proves nothing that this observer saw no break of a promise; empty if it does. */
        public List<String> doubts() {
            List<String> doubts = new ArrayList<>();
            if (samples == 0 || gapMillisMax > BLIND_MILLIS_MAX) {
                doubts.add("processes were not looked at for " + gapMillisMax + " ms");
            }
            if (diskReads == 0) {
                doubts.add("no disk was read");
            }
            if (numbers == 0) {
                doubts.add("no guest has written a number");
            }
            return doubts;
        }

        @Override
        public String toString() {
            return samples + " samples, at most " + gapMillisMax + " ms apart; " + diskReads + " reads of disks, "
                    + numbers + " numbers written";
        }
    }

    private Watcher(Process process, Consumer<String> transcript) {
        this.process = process;
        this.transcript = transcript;
        this.toObserver = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        this.reader = new Thread(this::read, "observer");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts the observer.
     *
     * @param disks folder of the disks whose sequence it checks
     * @param transcript is told what must not be
     */
    public static Watcher start(Path disks, Path log, Consumer<String> transcript) throws IOException {
        List<String> command = List.of(
                "nice",
                "-n",
                "-10",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xms64m",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Observer.class.getName(),
                disks.toString());
        return new Watcher(
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start(),
                transcript);
    }

    /** Milliseconds of the clock that the observer uses. */
    public static long now() {
        return System.nanoTime() / 1_000_000;
    }

    /** Returns after a sample that began after the call. */
    public void sync() throws IOException, InterruptedException {
        String text;
        synchronized (this) {
            text = Integer.toString(++syncs);
        }
        synchronized (toObserver) {
            toObserver.write("sync " + text + "\n");
            toObserver.flush();
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ANSWER_SECONDS_MAX);
        synchronized (this) {
            while (!synced.remove(text)) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (ended || left <= 0) {
                    throw new IllegalStateException("the observer does not answer");
                }
                wait(left);
            }
        }
    }

    /** All QEMUs that are alive. */
    public synchronized List<Qemu> live() {
        return List.copyOf(live.values());
    }

    /** The VM's QEMU, if it has just one. */
    public synchronized Optional<Qemu> only(String vm) {
        List<Qemu> qemus =
                live.values().stream().filter(qemu -> qemu.vm().equals(vm)).toList();
        return qemus.size() == 1 ? Optional.of(qemus.get(0)) : Optional.empty();
    }

    /** Ends that were seen from an instant on. */
    public synchronized List<End> endsSince(long millis) {
        return ends.stream().filter(end -> end.atMillis() >= millis).toList();
    }

    /** Starts that were seen from an instant on. */
    public synchronized List<Start> startsSince(long millis) {
        return starts.stream().filter(start -> start.atMillis() >= millis).toList();
    }

    /** For how long any VM has had more than one QEMU, up to the last {@link #sync}. */
    public synchronized long overlapMillis() {
        return overlaps.values().stream().mapToLong(Long::longValue).sum();
    }

    /** For how long the VM has had more than one QEMU. */
    public synchronized long overlapMillis(String vm) {
        return overlaps.getOrDefault(vm, 0L);
    }

    /** Breaks in the sequences on the disks. */
    public synchronized List<String> diskFaults() {
        return List.copyOf(diskFaults);
    }

    /** What the observer says of itself; after {@link #close}. */
    public synchronized Summary summary() {
        return summary.orElseThrow(() -> new IllegalStateException("the observer has not come to its end"));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(ANSWER_SECONDS_MAX, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        reader.join(TimeUnit.SECONDS.toMillis(ANSWER_SECONDS_MAX));
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(line.split("\t"));
            }
        } catch (IOException e) {
            transcript.accept("the observer cannot be read: " + e);
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    private synchronized void take(String[] fields) {
        switch (fields[0]) {
            case "start" -> {
                Qemu qemu = new Qemu(fields[2], Long.parseLong(fields[3]), Long.parseLong(fields[4]));
                live.put(qemu.pid(), qemu);
                starts.add(new Start(Long.parseLong(fields[1]), qemu));
            }
            case "end" -> {
                Qemu qemu = live.remove(Long.parseLong(fields[3]));
                if (qemu != null) {
                    ends.add(new End(Long.parseLong(fields[1]), qemu, Long.parseLong(fields[4])));
                }
            }
            case "overlap" -> {
                overlaps.merge(fields[2], Long.parseLong(fields[3]), Long::sum);
                transcript.accept("OVERLAP of " + fields[3] + " ms, VM " + fields[2]);
            }
            case "disk" -> {
                diskFaults.add(fields[2] + ": " + fields[3]);
                transcript.accept("DISK of VM " + fields[2] + ": " + fields[3]);
            }
            case "synced" -> {
                synced.add(fields[1]);
                notifyAll();
            }
            case "summary" ->
                summary = Optional.of(new Summary(
                        Long.parseLong(fields[1]),
                        Long.parseLong(fields[2]),
                        Long.parseLong(fields[3]),
                        Long.parseLong(fields[4])));
            default -> throw new IllegalStateException("the observer said " + fields[0]);
        }
    }
}
