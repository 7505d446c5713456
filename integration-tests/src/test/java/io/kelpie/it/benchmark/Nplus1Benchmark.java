package io.kelpie.it.benchmark;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.it.benchmark.measure.Arguments;
import io.kelpie.it.benchmark.measure.Median;
import io.kelpie.it.benchmark.measure.Report;
import io.kelpie.it.benchmark.nplus1.FilledCluster;
import io.kelpie.it.benchmark.nplus1.Hail;
import io.kelpie.it.benchmark.nplus1.HailInput;
import io.kelpie.it.benchmark.nplus1.KelpieAllocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One VM on a cluster that runs many: Kelpie's engine and Ganeti's {@code hail}, each with and without keeping the cluster
 * able to restart the VMs of any one lost host, taken in turns.
 */
public final class Nplus1Benchmark {
    private static final String USAGE = "./dev bench nplus1 [--nodes N,N,…] [--fill PERCENT] [--repeats R]";
    private static final List<Integer> NODES = List.of(100, 1_000);
    private static final int FILL_PERCENT = 60;
    private static final int REPEATS = 5;
    private static final int WARM_UP = 10;
    private static final int TIMES = 500;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Hail hail;
    private final int repeats;

    private Nplus1Benchmark(Hail hail, int repeats) {
        this.hail = hail;
        this.repeats = repeats;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Arguments parsed = Arguments.of(arguments, USAGE, Set.of("--nodes", "--fill", "--repeats"));
        Hail hail = new Hail(Optional.ofNullable(System.getenv("KELPIE_HAIL")).orElse("hail"));
        Nplus1Benchmark benchmark = new Nplus1Benchmark(hail, parsed.number("--repeats", REPEATS, 1));
        Report.print("%s; load %.2f; %s", Report.conditions(), Report.load(), hail.version());
        int fill = parsed.number("--fill", FILL_PERCENT, 0);
        Map<String, Object> nodes = new LinkedHashMap<>();
        for (int count : parsed.numbers("--nodes", NODES, 2)) {
            nodes.put(String.valueOf(count), benchmark.run(FilledCluster.of(count, fill)));
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("bench", "nplus1");
        result.put("nodes", nodes);
        result.put("fillPercent", fill);
        result.put("hailSecondsMax", Hail.SECONDS_MAX);
        result.put("loadAfter", Report.load());
        Report.print(result);
    }

    private Map<String, Object> run(FilledCluster cluster) throws IOException, InterruptedException {
        Path input = Files.createTempFile("nplus1", ".json");
        try {
            HailInput.write(cluster, input);
            return measure(cluster, input);
        } finally {
            Files.delete(input);
        }
    }

    private Map<String, Object> measure(FilledCluster cluster, Path input) throws IOException, InterruptedException {
        Report.note(cluster.hosts() + " nodes with " + cluster.vms().size() + " VMs: warming up");
        KelpieAllocation plain = new KelpieAllocation(cluster, SchedulingPolicy.DEFAULT);
        KelpieAllocation safe = new KelpieAllocation(cluster, SchedulingPolicy.DEFAULT.withNPlusOne(NPlusOne.ENFORCE));
        for (int i = 0; i < WARM_UP; i++) {
            plain.run(TIMES);
            safe.run(TIMES);
        }
        List<Hail.Run> checked = new ArrayList<>();
        List<Hail.Run> unchecked = new ArrayList<>();
        List<KelpieAllocation.Run> plainRuns = new ArrayList<>();
        List<KelpieAllocation.Run> safeRuns = new ArrayList<>();
        for (int repeat = 1; repeat <= repeats; repeat++) {
            plainRuns.add(plain.run(TIMES));
            safeRuns.add(safe.run(TIMES));
            unchecked.add(hail.allocate(input, false));
            if (checked.stream().allMatch(Hail.Run::ended)) { // else it would only take as long again
                checked.add(hail.allocate(input, true));
            }
            Report.note(cluster.hosts() + " nodes: turn " + repeat + " of " + repeats);
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("vms", cluster.vms().size());
        putHail(result, "hail", checked);
        putHail(result, "hailNoCapacityChecks", unchecked);
        double hailSeconds = Median.of(checked, Hail.Run::seconds);
        putKelpie(result, "kelpieNplus1", safeRuns, hailSeconds);
        result.put("ratio", result.get("kelpieNplus1Ratio"));
        result.put(
                "ratioToNoCapacityChecks",
                Report.rounded(
                        Median.of(unchecked, Hail.Run::seconds)
                                * NANOS_PER_SECOND
                                / Median.of(safeRuns, KelpieAllocation.Run::fromSnapshotNanos),
                        1));
        putKelpie(result, "kelpiePlain", plainRuns, Median.of(unchecked, Hail.Run::seconds));
        return result;
    }

    private static void putHail(Map<String, Object> result, String name, List<Hail.Run> runs) {
        result.put(name + "Seconds", Report.rounded(Median.of(runs, Hail.Run::seconds), 4));
        result.put(name + "Ended", runs.stream().allMatch(Hail.Run::ended));
        Report.print(
                "%-36s %12.4f s%s",
                name,
                Median.of(runs, Hail.Run::seconds),
                runs.stream().allMatch(Hail.Run::ended) ? "" : ", and was not done then");
    }

    /**
     * @param hailSeconds what it is compared with
     */
    private static void putKelpie(
            Map<String, Object> result, String name, List<KelpieAllocation.Run> runs, double hailSeconds) {
        double fromSnapshot = Median.of(runs, KelpieAllocation.Run::fromSnapshotNanos) / NANOS_PER_SECOND;
        double next = Median.of(runs, KelpieAllocation.Run::nextNanos) / NANOS_PER_SECOND;
        result.put(name + "FromSnapshotSeconds", Report.rounded(fromSnapshot, 6));
        result.put(name + "NextSeconds", Report.rounded(next, 9));
        result.put(name + "Ratio", Report.rounded(hailSeconds / fromSnapshot, 1));
        result.put(name + "NextRatio", Report.rounded(hailSeconds / next, 0));
        Report.print("%-36s %12.6f s from a snapshot, %.9f s for the next", name, fromSnapshot, next);
    }
}
