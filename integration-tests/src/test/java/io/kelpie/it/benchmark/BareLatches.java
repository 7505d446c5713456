package io.kelpie.it.benchmark;

import io.kelpie.it.chaos.TestCluster;
import io.kelpie.it.cluster.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Two processes that stand for election by nothing but Curator's latch, where two of the controllers are. */
final class BareLatches implements AutoCloseable {
    private static final int SESSION_MILLIS = 4_000;
    private static final int HEAP_MIB = 64;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long SETTLE_MILLIS = 1_500;

    private final List<ServerProcess> processes = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();

    BareLatches(TestCluster cluster) throws IOException {
        for (String node : List.of("c1", "c2")) {
            Path file = cluster.folder().resolve("latch-" + node);
            Files.writeString(file, "");
            files.add(file);
            processes.add(new ServerProcess(
                    "latch " + node,
                    cluster.network()
                            .command(
                                    node,
                                    List.of(
                                            Path.of(System.getProperty("java.home"), "bin", "java")
                                                    .toString(),
                                            "-XX:+UseSerialGC",
                                            "-XX:TieredStopAtLevel=1",
                                            "-Xmx" + HEAP_MIB + "m",
                                            "-cp",
                                            System.getProperty("java.class.path"),
                                            BareLatch.class.getName(),
                                            cluster.ensemble().connectString(),
                                            Integer.toString(SESSION_MILLIS),
                                            file.toString())),
                    Map.of(),
                    cluster.folder().resolve("latch-" + node + ".log")));
        }
        processes.get(0).start();
        try {
            await(0, 1, System.nanoTime());
            processes.get(1).start();
            TimeUnit.MILLISECONDS.sleep(2 * SETTLE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Nanoseconds from the end of the leader, by SIGKILL or by SIGSTOP, until the other one leads. */
    long measure(boolean kill) throws IOException, InterruptedException {
        int leader = leader();
        int other = 1 - leader;
        ServerProcess process = processes.get(leader);
        int before = lines(other).size();
        long begin = System.nanoTime();
        if (kill) {
            process.kill();
        } else {
            process.freeze();
        }
        long millis = await(other, before + 1, begin);
        TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
        if (kill) {
            process.start();
        } else {
            process.thaw();
        }
        TimeUnit.MILLISECONDS.sleep(2 * SETTLE_MILLIS);
        return TimeUnit.MILLISECONDS.toNanos(millis) - begin;
    }

    private long await(int index, int count, long begin) throws IOException, InterruptedException {
        while (lines(index).size() < count) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new IOException("no latch leads: " + processes.get(index).logTail());
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return Long.parseLong(lines(index).get(count - 1));
    }

    private int leader() throws IOException {
        return last(0) > last(1) ? 0 : 1;
    }

    private long last(int index) throws IOException {
        List<String> lines = lines(index);
        return lines.isEmpty() ? -1 : Long.parseLong(lines.get(lines.size() - 1));
    }

    private List<String> lines(int index) throws IOException {
        String text = Files.readString(files.get(index));
        // A line that is being written is not one yet.
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    @Override
    public void close() throws InterruptedException {
        for (ServerProcess process : processes) {
            if (process.isAlive()) {
                process.kill();
            }
        }
    }
}
