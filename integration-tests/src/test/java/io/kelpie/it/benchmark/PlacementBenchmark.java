package io.kelpie.it.benchmark;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.it.benchmark.churn.Churn;
import io.kelpie.it.benchmark.churn.ChurnEngine;
import io.kelpie.it.benchmark.churn.ChurnPool;
import io.kelpie.it.benchmark.churn.Contestant;
import io.kelpie.it.benchmark.churn.JobStream;
import io.kelpie.it.benchmark.churn.KelpieEngine;
import io.kelpie.it.benchmark.churn.Kind;
import io.kelpie.it.benchmark.churn.Latencies;
import io.kelpie.it.benchmark.churn.Mix;
import io.kelpie.it.benchmark.churn.PlainScanEngine;
import io.kelpie.it.benchmark.measure.Arguments;
import io.kelpie.it.benchmark.measure.Report;
import io.kelpie.it.benchmark.peer.FenzoEngine;
import io.kelpie.it.benchmark.peer.TimefoldEngine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Successful placements a second with all rules while whole jobs come and go at 70 to 90 % of memory, in memory alone, by
 * one thread; beside Fenzo, Timefold and a plain scan on the same jobs, taken in turns.
 */
public final class PlacementBenchmark {
    private static final String USAGE =
            "./dev bench placement [--hosts N,N,…] [--repeats R] [--seconds S] [--peers yes|no]";
    private static final List<Integer> HOSTS = List.of(100, 1_000, 5_000, 10_000);
    private static final int REPEATS = 5;
    private static final int WINDOW_S = 2;
    private static final int WARM_UP_S = 6;
    private static final long NANOS = 1_000_000_000L;
    private static final long SEED = 20_261_123;
    private static final List<Integer> FENZO_BATCHES = List.of(1, 100, 10_000);
    private static final int OVERCOMMIT = KelpieEngine.POLICY.vcpuOvercommitPercent();
    /** Of the plan's hash: fills the pool and turns it over. */
    private static final int HASHED_VMS_PER_HOST = 60;

    private static final int HOSTS_MIN = 100; // so that each kind of host is there

    private final int hosts;
    private final Turns turns;
    private final boolean withPeers;

    /**
     * How long it is measured.
     *
     * @param windowNanos of each turn, at least
     * @param warmUpNanos of Kelpie's engine, after the pool was filled
     */
    record Turns(int repeats, long windowNanos, long warmUpNanos) {}

    PlacementBenchmark(int hosts, Turns turns, boolean withPeers) {
        this.hosts = hosts;
        this.turns = turns;
        this.withPeers = withPeers;
    }

    public static void main(String[] arguments) {
        Arguments parsed = Arguments.of(arguments, USAGE, Set.of("--hosts", "--repeats", "--seconds", "--peers"));
        int repeats = parsed.number("--repeats", REPEATS, 1);
        int seconds = parsed.number("--seconds", WINDOW_S, 1);
        String peers = parsed.text("--peers").orElse("yes");
        if (!Set.of("yes", "no").contains(peers)) {
            parsed.refuse("--peers: " + peers + " is neither yes nor no");
        }
        Report.print("%s; %d turns of at least %d s each, in turns; medians", Report.conditions(), repeats, seconds);
        Map<String, Map<String, Object>> byHosts = new LinkedHashMap<>();
        Turns turns = new Turns(repeats, seconds * NANOS, WARM_UP_S * NANOS);
        for (int hosts : parsed.numbers("--hosts", HOSTS, HOSTS_MIN)) {
            byHosts.put(String.valueOf(hosts), new PlacementBenchmark(hosts, turns, peers.equals("yes")).run());
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("bench", "placement");
        result.put("hosts", byHosts);
        result.put("repeats", repeats);
        result.put("windowSeconds", seconds);
        result.put("askedMix", Mix.ALL_RULES.perThousand());
        slowdown(byHosts, "100", "10000", result);
        Report.print(result);
        System.exit(0); // whatever threads the peers have left
    }

    private static void slowdown(
            Map<String, Map<String, Object>> byHosts, String few, String many, Map<String, Object> result) {
        double atFew = rate(byHosts, few);
        double atMany = rate(byHosts, many);
        if (atFew > 0 && atMany > 0) {
            result.put("slowdown", Report.rounded(atFew / atMany, 2));
        }
    }

    private static double rate(Map<String, Map<String, Object>> byHosts, String hosts) {
        Object rate = byHosts.getOrDefault(hosts, Map.of()).get("decisionsPerSecond");
        return rate instanceof Number number ? number.doubleValue() : 0;
    }

    /** The figures of this number of hosts. */
    Map<String, Object> run() {
        Report.note(hosts + " hosts: filling the pool and warming up");
        double loadBefore = Report.load();
        ChurnPool pool = ChurnPool.of(hosts);
        Started mixed = start("kelpie", pool, Mix.ALL_RULES, KelpieEngine.POLICY);
        Started constrained = start("kelpie, constrained", pool, Mix.CONSTRAINED, KelpieEngine.POLICY);
        Started safe = start("kelpie, N+1", pool, Mix.ALL_RULES, KelpieEngine.POLICY.withNPlusOne(NPlusOne.ENFORCE));
        List<Contestant> contestants =
                new ArrayList<>(List.of(mixed.contestant(), constrained.contestant(), safe.contestant()));
        int kelpies = contestants.size();
        List<ChurnEngine> peers = new ArrayList<>();
        if (withPeers) {
            addPeers(pool, mixed.contestant().churn(), contestants, peers);
            contestants.subList(kelpies, contestants.size()).forEach(peer -> peer.warmUp(1));
        }
        for (int repeat = 1; repeat <= turns.repeats(); repeat++) {
            for (Contestant contestant : contestants) {
                contestant.measure(turns.windowNanos());
                List<Churn.Window> windows = contestant.windows();
                Report.note(String.format(
                        "%d hosts, turn %d: %-22s %12.1f/s (load %.2f)",
                        hosts,
                        repeat,
                        contestant.name(),
                        windows.get(windows.size() - 1).placedPerSecond(),
                        Report.load()));
            }
        }
        peers.forEach(PlacementBenchmark::close);
        Map<String, Object> result = result(mixed, constrained, safe, contestants);
        result.put("loadBefore", loadBefore);
        result.put("loadAfter", Report.load());
        print(contestants);
        return result;
    }

    private static void close(ChurnEngine engine) {
        engine.close();
    }

    /**
     * Kelpie's engine, warm.
     *
     * @param planHash over the first placements, which no clock has a part in
     * @param hashedVms how many these are
     */
    private record Started(Contestant contestant, long planHash, long hashedVms, Churn.Window warmUp) {}

    private Started start(String name, ChurnPool pool, Mix mix, SchedulingPolicy policy) {
        Latencies latencies = new Latencies();
        Churn churn = new Churn(new KelpieEngine(pool, policy, SEED, latencies), new JobStream(mix, SEED, hosts), pool);
        long hashedVms = (long) HASHED_VMS_PER_HOST * hosts;
        long planHash = churn.runHashed(hashedVms);
        Contestant contestant = new Contestant(name, churn, () -> {}, latencies);
        return new Started(contestant, planHash, hashedVms, contestant.warmUp(turns.warmUpNanos()));
    }

    private void addPeers(ChurnPool pool, Churn from, List<Contestant> contestants, List<ChurnEngine> peers) {
        Latencies unused = new Latencies();
        JobStream stream = new JobStream(Mix.ALL_RULES, SEED, hosts);
        ChurnEngine scan = new PlainScanEngine(pool, OVERCOMMIT);
        contestants.add(new Contestant("plain scan", from.fork(scan, stream, pool), () -> {}, unused));
        FenzoEngine fenzo = new FenzoEngine(pool, OVERCOMMIT);
        peers.add(fenzo);
        Churn fenzoChurn = from.fork(fenzo, stream, pool);
        for (int batch : FENZO_BATCHES) {
            if (batch * 2 <= from.liveVms()) { // else a batch is most of the pool
                contestants.add(
                        new Contestant("fenzo, " + batch + " a call", fenzoChurn, () -> fenzo.batchVms(batch), unused));
            }
        }
        ChurnEngine timefold = new TimefoldEngine(pool, OVERCOMMIT);
        peers.add(timefold);
        contestants.add(new Contestant("timefold", from.fork(timefold, stream, pool), () -> {}, unused));
    }

    private Map<String, Object> result(Started mixed, Started constrained, Started safe, List<Contestant> contestants) {
        Contestant kelpie = mixed.contestant();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("decisionsPerSecond", Math.round(kelpie.placedPerSecond()));
        result.put("withoutDeparturesPerSecond", Math.round(kelpie.decidedPerSecond()));
        result.put("p50Micros", Report.rounded(kelpie.p50Micros(), 3));
        result.put("p99Micros", Report.rounded(kelpie.p99Micros(), 3));
        result.put("rejectedShare", rejectedShare(kelpie));
        result.put("constrainedPerSecond", Math.round(constrained.contestant().placedPerSecond()));
        result.put(
                "constrainedP99Micros", Report.rounded(constrained.contestant().p99Micros(), 3));
        result.put("constrainedRejectedShare", rejectedShare(constrained.contestant()));
        result.put("nplus1PerSecond", Math.round(safe.contestant().placedPerSecond()));
        result.put("nplus1P99Micros", Report.rounded(safe.contestant().p99Micros(), 3));
        result.put("nplus1RejectedShare", rejectedShare(safe.contestant()));
        peerRates(contestants, result);
        result.put("mix", shares(kelpie));
        Map<Kind, Double> meanMicros = new TreeMap<>();
        for (Kind kind : Kind.values()) {
            meanMicros.put(kind, Report.rounded(kelpie.meanMicros(kind), 2));
        }
        result.put("meanMicros", meanMicros);
        result.put("planHash", Long.toHexString(mixed.planHash()));
        result.put("constrainedPlanHash", Long.toHexString(constrained.planHash()));
        result.put("warmUpVms", mixed.hashedVms() + mixed.warmUp().placed());
        result.put("warmUpSeconds", Report.rounded(mixed.warmUp().nanos() / 1e9, 1));
        result.put("liveVms", kelpie.churn().liveVms());
        return result;
    }

    private static void peerRates(List<Contestant> contestants, Map<String, Object> result) {
        double best = 0;
        for (Contestant contestant : contestants) {
            double rate = contestant.placedPerSecond();
            switch (contestant.name()) {
                case "plain scan" -> result.put("plainScanPerSecond", Math.round(rate));
                case "timefold" -> result.put("timefoldPerSecond", Report.rounded(rate, 1));
                case "fenzo, 1 a call" -> result.put("fenzoSinglePerSecond", Report.rounded(rate, 1));
                default -> {}
            }
            if (contestant.name().startsWith("fenzo") && rate > best) {
                best = rate;
                result.put("fenzoBatchPerSecond", Report.rounded(rate, 1));
                result.put("fenzoBest", contestant.name());
            }
        }
    }

    private static double rejectedShare(Contestant contestant) {
        long placed = 0;
        long rejected = 0;
        for (Churn.Window window : contestant.windows()) {
            placed += window.placed();
            rejected += window.rejected();
        }
        return Report.rounded((double) rejected / Math.max(1, placed + rejected), 4);
    }

    /** Of what was placed. */
    private static Map<Kind, Double> shares(Contestant contestant) {
        Map<Kind, Long> placed = new TreeMap<>();
        long all = 0;
        for (Churn.Window window : contestant.windows()) {
            window.placedByKind().forEach((kind, count) -> placed.merge(kind, count, Long::sum));
            all += window.placed();
        }
        Map<Kind, Double> shares = new TreeMap<>();
        for (Map.Entry<Kind, Long> kind : placed.entrySet()) {
            shares.put(kind.getKey(), Report.rounded((double) kind.getValue() / Math.max(1, all), 4));
        }
        return shares;
    }

    private void print(List<Contestant> contestants) {
        Report.print("");
        Report.print("%-24s %14s %12s %12s", hosts + " hosts", "placed/s", "p50 µs", "p99 µs");
        for (Contestant contestant : contestants) {
            boolean timed = contestant.p50Micros() > 0;
            Report.print(
                    "%-24s %14.1f %12s %12s",
                    contestant.name(),
                    contestant.placedPerSecond(),
                    timed ? String.valueOf(Report.rounded(contestant.p50Micros(), 2)) : "",
                    timed ? String.valueOf(Report.rounded(contestant.p99Micros(), 2)) : "");
        }
    }
}
