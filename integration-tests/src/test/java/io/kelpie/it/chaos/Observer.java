package io.kelpie.it.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program of its own that watches from outside: every 50 ms the live QEMUs of each VM by {@code /proc} (a zombie is
 * not alive; a stopped process is), and the disks of the guests that write a sequence. It uses nothing but the JDK, and
 * believes nothing that Kelpie says.
 *
 * <p>Arguments: a folder below which the disks lie, as {@code <vm uuid>/kept/root.qcow2}. On stdin, {@code sync TEXT}
 * asks for {@code synced TEXT} after a sample that began later, and the end of input ends the program. On stdout, with
 * milliseconds of the monotonic clock and tabs between the fields:
 *
 * <pre>
 * start AT VM PID STARTED      a QEMU was seen for the first time; STARTED as the kernel says
 * end AT VM PID LAST           it is gone; it was seen last at LAST
 * overlap AT VM MILLIS         the VM has had more than one QEMU for this long, beyond what was said of it before
 * disk AT VM WHAT              a break in a sequence
 * summary SAMPLES GAP READS NUMBERS
 *                              at the end: samples, the longest time between two, reads of disks, and how many numbers
 *                              the guests have written as was seen
 * </pre>
 *
 * An overlap that lasts is said when it ends, and at each {@code sync}.
 *
 * Two QEMUs overlap also if no sample has caught both, but one has started before the other was seen last.
 */
public final class Observer {
    private static final Path PROC = Path.of("/proc");
    private static final long INTERVAL_NANOS = 50_000_000;
    /** After the command in parentheses, the state is the first field and the start time the twentieth. */
    private static final int START_TIME_AFTER_COMMAND = 19;

    private static final long MILLIS_PER_TICK = 10;
    private static final int CLOCK_READINGS = 500;

    private final Path disks;
    private final LinkedBlockingQueue<String> input = new LinkedBlockingQueue<>();
    private final Map<Long, Qemu> live = new HashMap<>();
    private final Map<String, Stretch> stretches = new HashMap<>();
    private final Map<String, Long> lastSeenOfEnded = new HashMap<>();
    private final Map<Path, Disk> sequences = new HashMap<>();
    private final long bootToMonotonicMillis;
    private long samples;
    private long longestGapMillis;
    private long diskReads;
    private long numbersWritten;

    /** A QEMU that was alive in the last sample. */
    private static final class Qemu {
        final String vm;
        final long pid;
        final long startTicks;
        final long startedMillis;
        long lastSeen;

        Qemu(String vm, long pid, long startTicks, long startedMillis) {
            this.vm = vm;
            this.pid = pid;
            this.startTicks = startTicks;
            this.startedMillis = startedMillis;
        }
    }

    /** A time during which a VM has several QEMUs. */
    private static final class Stretch {
        /** From here on nothing was said of it. */
        private long since;

        private long until;

        Stretch(long since) {
            this.since = since;
        }

        void say(long at, String vm) {
            if (until > since) {
                Observer.say("overlap", at, vm, until - since);
                since = until;
            }
        }
    }

    private Observer(Path disks) throws IOException {
        this.disks = disks;
        bootToMonotonicMillis = bootToMonotonicMillis();
    }

    /** The uptime is cut to hundredths of a second, and its reading takes time: the greatest difference is nearest. */
    private static long bootToMonotonicMillis() throws IOException {
        long greatest = Long.MIN_VALUE;
        for (int i = 0; i < CLOCK_READINGS; i++) {
            String uptime = Files.readString(PROC.resolve("uptime"));
            greatest = Math.max(greatest, Math.round(Double.parseDouble(uptime.split(" ")[0]) * 1e3) - now());
        }
        return greatest;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        new Observer(Path.of(arguments[0])).run();
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
    }

    private void run() throws IOException, InterruptedException {
        Thread reader = new Thread(this::read, "input");
        reader.setDaemon(true);
        reader.start();
        long next = System.nanoTime();
        long previous = now();
        while (true) {
            List<String> asked = new ArrayList<>();
            input.drainTo(asked);
            long at = now();
            longestGapMillis = Math.max(longestGapMillis, at - previous);
            previous = at;
            sample(at);
            checkDisks(at);
            samples++;
            if (!asked.isEmpty()) {
                stretches.forEach((vm, stretch) -> stretch.say(at, vm));
            }
            for (String line : asked) {
                if (line.isEmpty()) {
                    finish();
                    return;
                }
                say("synced", line);
            }
            System.out.flush();
            next = Math.max(next + INTERVAL_NANOS, System.nanoTime());
            TimeUnit.NANOSECONDS.sleep(Math.max(0, next - System.nanoTime()));
        }
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("sync ")) {
                    input.add(line.substring("sync ".length()));
                }
            }
        } catch (IOException e) {
            System.err.println("observer: " + e);
        }
        input.add("");
    }

    private void finish() {
        say("summary", samples, longestGapMillis, diskReads, numbersWritten);
        System.out.flush();
    }

    private void sample(long at) throws IOException {
        Set<Long> seen = new HashSet<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                Qemu qemu = live.get(pid);
                String vm = qemu == null ? vmOf(process) : qemu.vm;
                if (vm.isEmpty()) {
                    continue;
                }
                long ticks = startTicks(process);
                if (ticks < 0) {
                    continue;
                }
                if (qemu == null || qemu.startTicks != ticks) {
                    if (qemu != null) {
                        end(qemu, at);
                        vm = vmOf(process);
                        if (vm.isEmpty()) {
                            continue;
                        }
                    }
                    qemu = new Qemu(vm, pid, ticks, ticks * MILLIS_PER_TICK - bootToMonotonicMillis);
                    live.put(pid, qemu);
                    say("start", at, vm, pid, qemu.startedMillis);
                    Long last = lastSeenOfEnded.get(vm);
                    if (last != null && last > qemu.startedMillis + MILLIS_PER_TICK) {
                        say("overlap", at, vm, last - qemu.startedMillis);
                    }
                }
                // By the clock of this very look: a sample takes some milliseconds.
                qemu.lastSeen = now();
                seen.add(pid);
            }
        }
        for (Qemu qemu : List.copyOf(live.values())) {
            if (!seen.contains(qemu.pid)) {
                end(qemu, at);
            }
        }
        Map<String, Integer> counts = new HashMap<>();
        live.values().forEach(qemu -> counts.merge(qemu.vm, 1, Integer::sum));
        counts.forEach((vm, count) -> {
            if (count > 1) {
                long since = live.values().stream()
                        .filter(qemu -> qemu.vm.equals(vm))
                        .mapToLong(qemu -> qemu.startedMillis)
                        .max()
                        .orElse(at);
                // At least one millisecond, whatever the resolution of start times.
                stretches.computeIfAbsent(vm, none -> new Stretch(Math.min(since, at - 1))).until = at;
            }
        });
        stretches.entrySet().removeIf(each -> {
            if (counts.getOrDefault(each.getKey(), 0) > 1) {
                return false;
            }
            each.getValue().say(at, each.getKey());
            return true;
        });
    }

    private void end(Qemu qemu, long at) {
        live.remove(qemu.pid, qemu);
        lastSeenOfEnded.merge(qemu.vm, qemu.lastSeen, Math::max);
        say("end", at, qemu.vm, qemu.pid, qemu.lastSeen);
    }

    /** The UUID in the command line of a QEMU; empty for another process, and for one that has ended. */
    private static String vmOf(Path process) {
        String[] arguments = text(process.resolve("cmdline")).split("\0");
        String program = arguments[0].substring(arguments[0].lastIndexOf('/') + 1);
        if (program.startsWith("qemu-system")) {
            for (int i = 0; i + 1 < arguments.length; i++) {
                if (arguments[i].equals("-uuid")) {
                    return arguments[i + 1];
                }
            }
        }
        return "";
    }

    /** In clock ticks since boot; -1 if the process is not alive. */
    private static long startTicks(Path process) {
        String stat = text(process.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        if (fields.length <= START_TIME_AFTER_COMMAND || fields[0].equals("Z") || fields[0].equals("X")) {
            return -1;
        }
        return Long.parseLong(fields[START_TIME_AFTER_COMMAND]);
    }

    /** Empty for what is gone. */
    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    private static void say(Object... fields) {
        StringBuilder line = new StringBuilder();
        for (Object field : fields) {
            line.append(line.length() == 0 ? "" : "\t").append(field);
        }
        System.out.println(line);
    }

    private void checkDisks(long at) throws IOException {
        if (samples % 20 == 0 && Files.isDirectory(disks)) {
            try (Stream<Path> folders = Files.list(disks)) {
                for (Path folder : folders.toList()) {
                    Path file = folder.resolve("kept/root.qcow2");
                    if (Files.isRegularFile(file)) {
                        sequences.computeIfAbsent(
                                file, none -> new Disk(folder.getFileName().toString(), file));
                    }
                }
            }
            sequences.keySet().removeIf(file -> !Files.exists(file));
        }
        for (Map.Entry<Path, Disk> each : sequences.entrySet()) {
            Disk disk = each.getValue();
            String vm = disk.vm;
            try {
                int before = disk.last.number();
                for (String fault : disk.check()) {
                    say("disk", at, vm, fault);
                }
                diskReads++;
                numbersWritten += Math.max(0, disk.last.number() - before);
            } catch (IOException e) {
                if (Files.exists(each.getKey())) {
                    say("disk", at, vm, "cannot be read: " + e);
                }
            }
        }
    }

    /** The disk of one guest that writes a sequence, a qcow2 file whose clusters are all in place. */
    private static final class Disk {
        private static final int SECTOR = 512;
        private static final int MAGIC = 0x51455351;
        private static final int HEAD = 64;
        private static final int RING = 128;
        private static final int RING_SECTORS = 1024;
        private static final long OFFSET_MASK = 0x00fffffffffffe00L;
        private static final int LOOKS = 5;

        private final String vm;
        private final Path file;
        private Head last = new Head(0, 0, 0, 0);

        /** What the head says. */
        private record Head(int magic, int number, int boots, int token, int breaks) {
            Head(int number, int boots, int token, int breaks) {
                this(MAGIC, number, boots, token, breaks);
            }
        }

        Disk(String vm, Path file) {
            this.vm = vm;
            this.file = file;
        }

        /** What is wrong now and was not before. A guest writes meanwhile, so only what stays so is a fault. */
        List<String> check() throws IOException {
            List<String> faults = List.of();
            for (int look = 0; look < LOOKS; look++) {
                try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
                    Head head = head(opened, HEAD);
                    faults = faults(head);
                    if (faults.isEmpty() && head.boots() != last.boots()) {
                        faults = ringFaults(opened, head);
                    }
                    if (faults.isEmpty() || look == LOOKS - 1) {
                        last = head;
                        return faults;
                    }
                }
            }
            return faults;
        }

        private List<String> faults(Head head) {
            List<String> faults = new ArrayList<>();
            if (head.magic() != MAGIC) {
                faults.add("the head is damaged");
                return faults;
            }
            if (head.number() < last.number()) {
                faults.add("the number fell from " + last.number() + " to " + head.number());
            }
            if (head.boots() < last.boots()) {
                faults.add("boots fell from " + last.boots() + " to " + head.boots());
            }
            if (head.boots() == last.boots() && last.token() != 0 && head.token() != last.token()) {
                faults.add("two writers are in boot " + head.boots() + ", at number " + head.number());
            }
            if (head.breaks() > last.breaks()) {
                faults.add("the guest found what it had not written, " + head.breaks() + " times");
            }
            return faults;
        }

        /** The numbers before the head's are all there, of rising boots, each boot with one token. */
        private static List<String> ringFaults(RandomAccessFile opened, Head head) throws IOException {
            List<Head> ring = new ArrayList<>();
            int first = Math.max(1, head.number() - RING_SECTORS / 2);
            for (int number = first; number <= head.number(); number++) {
                Head record = head(opened, RING + number % RING_SECTORS);
                if (record.number() != number) {
                    return List.of("number " + number + " was overwritten by " + record.number());
                }
                ring.add(record);
            }
            ring.sort(Comparator.comparingInt(Head::number));
            for (int i = 1; i < ring.size(); i++) {
                Head before = ring.get(i - 1);
                Head after = ring.get(i);
                if (after.boots() < before.boots()
                        || after.boots() == before.boots() && after.token() != before.token()) {
                    return List.of("number " + after.number() + " is of boot " + after.boots() + ", the one before of "
                            + before.boots());
                }
            }
            return List.of();
        }

        private static Head head(RandomAccessFile opened, int sector) throws IOException {
            byte[] bytes = new byte[SECTOR];
            opened.seek(position(opened, (long) sector * SECTOR));
            opened.readFully(bytes);
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            return new Head(buffer.getInt(0), buffer.getInt(4), buffer.getInt(8), buffer.getInt(12), buffer.getInt(16));
        }

        /** Where in the file a byte of the disk lies. */
        private static long position(RandomAccessFile opened, long offset) throws IOException {
            opened.seek(20);
            int clusterBits = opened.readInt();
            opened.seek(40);
            long tables = opened.readLong();
            long cluster = offset >> clusterBits;
            int entriesBits = clusterBits - 3;
            opened.seek(tables + 8 * (cluster >> entriesBits));
            long table = opened.readLong() & OFFSET_MASK;
            opened.seek(table + 8 * (cluster & ((1L << entriesBits) - 1)));
            long place = opened.readLong() & OFFSET_MASK;
            if (table == 0 || place == 0) {
                throw new IOException("sector " + offset / SECTOR + " has no place");
            }
            return place + (offset & ((1L << clusterBits) - 1));
        }
    }
}
