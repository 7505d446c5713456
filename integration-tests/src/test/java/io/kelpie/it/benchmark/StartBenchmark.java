package io.kelpie.it.benchmark;

import io.kelpie.it.cluster.Commands;
import io.kelpie.it.cluster.LibvirtDaemons;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.Processes;
import io.kelpie.it.cluster.ZooKeeperEnsemble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * How long a VM takes from the client's call to a running guest, beside exec of the same QEMU by hand and
 * {@code virsh create} of the same guest, taken in turns. {@code docs/benchmarks.md} says what is measured and why.
 */
public final class StartBenchmark {
    private static final int RUNS_MIN = 11;
    private static final int RUNS_DEFAULT = 21;
    /** The servers' code is compiled by then, and the image is cached. */
    private static final int KELPIE_WARM_UP = 30;

    private static final int OTHERS_WARM_UP = 3;

    private final Cleanup cleanup = new Cleanup();

    private StartBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        int runs = runs(arguments);
        StartBenchmark benchmark = new StartBenchmark();
        Thread hook = new Thread(benchmark.cleanup::run, "cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        benchmark.run(runs);
        System.exit(0); // by way of the hook
    }

    private static int runs(String[] arguments) {
        if (arguments.length == 0) {
            return RUNS_DEFAULT;
        }
        boolean valid = arguments.length == 2 && arguments[0].equals("--runs") && arguments[1].matches("[0-9]{1,4}");
        if (!valid || Integer.parseInt(arguments[1]) < RUNS_MIN) {
            System.err.println("usage: ./dev bench start [--runs N]   N is " + RUNS_MIN + " or more");
            System.exit(2);
        }
        return Integer.parseInt(arguments[1]);
    }

    private void run(int runs) throws Exception {
        // Short, as sockets lie below it; open to the user that libvirt runs QEMU as.
        Path folder = Files.createTempDirectory("kb");
        cleanup.add(() -> {
            // A libvirtd that ended under us has left its QEMUs behind.
            Processes.naming(folder).forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            deleteTree(folder);
        });
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));

        note("starting ZooKeeper, a controller, an agent and libvirtd");
        ZooKeeperEnsemble zooKeeper = ZooKeeperEnsemble.start(folder.resolve("zk"), 1);
        cleanup.add(zooKeeper);
        LocalCluster cluster = LocalCluster.in(folder.resolve("k"))
                .controllers(1, zooKeeper.connectString())
                .agents(1)
                .startWithoutWaiting();
        cleanup.add(cluster);
        cluster.awaitReady();
        cleanup.add(LibvirtDaemons.running());

        Path kelpieImage = cluster.agent(0).pool().resolve("image.qcow2");
        Guest.makeImage(kelpieImage);
        Path rawImage = Files.copy(kelpieImage, folder.resolve("raw-image.qcow2"));
        Path virshImage = Files.copy(kelpieImage, folder.resolve("virsh-image.qcow2"));
        KelpieStarts kelpie = new KelpieStarts(cluster, kelpieImage);
        cleanup.add(kelpie);
        List<String> arguments = new ArrayList<>();
        Path seed = folder.resolve("seed.img");
        kelpie.visit(found -> {
            arguments.addAll(found);
            try (Stream<Path> files = Files.walk(cluster.folder())) {
                Files.copy(
                        files.filter(file -> file.endsWith("seed.img"))
                                .findFirst()
                                .orElseThrow(),
                        seed);
            }
        });
        RawStarts raw = new RawStarts(folder.resolve("raw"), rawImage, arguments, cluster.folder(), seed);
        VirshStarts virsh = new VirshStarts(folder.resolve("virsh"), virshImage, seed);
        cleanup.add(virsh);

        note("warming up");
        for (int i = 0; i < KELPIE_WARM_UP; i++) {
            kelpie.measure();
        }
        for (int i = 0; i < OTHERS_WARM_UP; i++) {
            raw.measure();
            virsh.measure();
        }

        note("measuring");
        String loadBefore = load();
        Samples kelpieRunning = new Samples("kelpie: ApplyJob sent to RUNNING seen");
        Samples kelpieAnswered = new Samples("  of these, to the answer (job durable)");
        Samples kelpieAccepted = new Samples("  of these, to STARTING seen (in the ledger)");
        Samples rawRunning = new Samples("raw: qemu-img, exec of QEMU, QMP running");
        Samples rawQemu = new Samples("  of these, from exec of QEMU on");
        Samples virshCreated = new Samples("virsh: qemu-img, virsh create");
        Samples sync = new Samples("one fsync here, for comparison");
        for (int i = 0; i < runs; i++) {
            KelpieStarts.Start start = kelpie.measure();
            kelpieRunning.add(start.running());
            kelpieAnswered.add(start.answered());
            kelpieAccepted.add(start.accepted());
            RawStarts.Start byHand = raw.measure();
            rawRunning.add(byHand.running());
            rawQemu.add(byHand.ofQemu());
            virshCreated.add(virsh.measure());
            sync.add(fsync(folder.resolve("synced")));
        }

        double kelpieMillis = kelpieRunning.medianMillis();
        double rawMillis = rawRunning.medianMillis();
        double goal = 1.2 * rawMillis + 30;
        print(OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS) + ", "
                + Runtime.getRuntime().availableProcessors() + " processors, load " + loadBefore + " before, " + load()
                + " after; Java " + Runtime.version().feature() + "; "
                + Commands.run("qemu-system-x86_64", "--version")
                        .lines()
                        .findFirst()
                        .orElse("") + "; "
                + Files.getFileStore(folder).type());
        print("guest: boot sector, tcg, " + Guest.MEMORY_MIB + " MiB, qcow2 overlay and a data disk; " + runs
                + " runs in turns after " + KELPIE_WARM_UP + " starts to warm up;");
        print("one ZooKeeper with fsync, one controller, one agent, each a process; the image is cached");
        print("");
        print(String.format(Locale.ROOT, "%-46s %8s %8s %8s", "milliseconds", "min", "median", "max"));
        for (Samples samples :
                List.of(kelpieRunning, kelpieAnswered, kelpieAccepted, rawRunning, rawQemu, virshCreated, sync)) {
            print(samples.row());
        }
        print("");
        print(String.format(
                Locale.ROOT,
                "goal: kelpie at most 1.2 x raw + 30 ms = %.1f ms: %s",
                goal,
                kelpieMillis <= goal ? "reached" : "missed by " + Math.round(kelpieMillis - goal) + " ms"));
        print(String.format(
                Locale.ROOT,
                "{\"bench\":\"start\",\"kelpieMillis\":%.1f,\"rawMillis\":%.1f,\"virshMillis\":%.1f,\"ratio\":%.2f}",
                kelpieMillis,
                rawMillis,
                virshCreated.medianMillis(),
                kelpieMillis / rawMillis));
    }

    private static long fsync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            channel.write(ByteBuffer.allocate(512));
            long begin = System.nanoTime();
            channel.force(true);
            return System.nanoTime() - begin;
        }
    }

    private static String load() {
        return String.format(
                Locale.ROOT,
                "%.1f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static void print(String line) {
        System.out.println(line);
    }

    private static void note(String line) {
        System.err.println("bench: " + line);
    }

    private static void deleteTree(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Undoes what was set up, the latest first, once: at the end, after a failure and on Ctrl-C. */
    private static final class Cleanup {
        private final Deque<AutoCloseable> steps = new ArrayDeque<>();
        private boolean done;

        synchronized void add(AutoCloseable step) {
            if (done) {
                throw new IllegalStateException("the benchmark is being ended");
            }
            steps.push(step);
        }

        synchronized void run() {
            done = true;
            while (!steps.isEmpty()) {
                try {
                    steps.pop().close();
                } catch (Exception | AssertionError e) {
                    System.err.println("bench: not cleaned up: " + e);
                }
            }
        }
    }
}
