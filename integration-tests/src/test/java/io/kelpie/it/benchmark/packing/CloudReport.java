package io.kelpie.it.benchmark.packing;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.BadInputException;
import io.kelpie.it.benchmark.measure.Report;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The fewest hosts for best-fit and for Kelpie on many traces with the shape of a cloud's. Prints progress and a table,
 * gives the figures as JSON. Used by one thread.
 */
public final class CloudReport {
    private static final List<Engine> ENGINES = List.of(Engine.BEST_FIT, Engine.KELPIE_PACK);
    private static final long VARIANTS_SEED = 1;
    private static final int VARIANTS_PER_NOTE = 10;

    private final int vms;
    private final int days;
    private final TimeSource clock;
    private long violations;

    /**
     * @param vms of each trace
     * @param days over which they arrive
     */
    public CloudReport(int vms, int days, TimeSource clock) {
        this.vms = vms;
        this.days = days;
        this.clock = clock;
    }

    /** Violations of rules, by the independent checker, over all that was run. */
    public long violations() {
        return violations;
    }

    /** By kind of host, sums over all seeds. */
    public Map<String, Object> seeds(SeedRange seeds, List<HostKind> kinds) throws IOException, BadInputException {
        Map<HostKind, SeedTotals> totals = new LinkedHashMap<>();
        kinds.forEach(kind -> totals.put(kind, new SeedTotals()));
        for (int seed = seeds.first(); seed <= seeds.last(); seed++) {
            long begin = clock.nanoTime();
            Trace trace = Traces.cloud(vms, days, seed);
            StringBuilder line = new StringBuilder();
            for (Map.Entry<HostKind, SeedTotals> one : totals.entrySet()) {
                FewestHosts fewest = fewest(trace, one.getKey());
                one.getValue().add(seed, fewest);
                line.append(String.format(
                        Locale.ROOT,
                        " %s %d/%d/%d",
                        one.getKey().name(),
                        fewest.bound(),
                        fewest.hosts(Engine.BEST_FIT),
                        fewest.hosts(Engine.KELPIE_PACK)));
            }
            Report.note(String.format(
                    Locale.ROOT,
                    "seed %d (%d of %d), bound/best-fit/Kelpie:%s; %.1f s",
                    seed,
                    seed - seeds.first() + 1,
                    seeds.count(),
                    line,
                    secondsSince(begin)));
        }
        Report.print("");
        Report.print("%s", SeedTotals.header());
        totals.forEach((kind, sums) -> Report.print("%s", sums.row(kind.name())));
        Map<String, Object> json = new LinkedHashMap<>();
        totals.forEach((kind, sums) -> json.put(kind.name(), sums.json()));
        return json;
    }

    /** By trace and kind of host, how many variants that lack one small VM need how many hosts. */
    public Map<String, Object> perturb(SeedRange seeds, List<HostKind> kinds, int variants)
            throws IOException, BadInputException {
        Map<String, Object> json = new LinkedHashMap<>();
        for (int seed = seeds.first(); seed <= seeds.last(); seed++) {
            Trace trace = Traces.cloud(vms, days, seed);
            List<Integer> leftOut = Traces.smallAndEarly(trace, variants, VARIANTS_SEED);
            for (HostKind kind : kinds) {
                String name = "cloud-" + seed + "-" + kind.name();
                VariantCounts counts = perturb(name, trace, kind, leftOut);
                Report.print("");
                Report.print("%s, as it is and without one small VM:", name);
                counts.lines().forEach(line -> Report.print("%s", line));
                Map<String, Object> figures = counts.json();
                figures.put("oneHostLess", oneHostLess(trace, kind, counts.whole()));
                json.put(name, figures);
            }
        }
        return json;
    }

    private VariantCounts perturb(String name, Trace trace, HostKind kind, List<Integer> leftOut) {
        long begin = clock.nanoTime();
        VariantCounts counts = new VariantCounts(fewest(trace, kind));
        for (int i = 0; i < leftOut.size(); i++) {
            counts.add(fewest(Traces.without(leftOut.get(i), trace), kind));
            if ((i + 1) % VARIANTS_PER_NOTE == 0) {
                Report.note(String.format(
                        Locale.ROOT,
                        "%s: %d of %d variants; %s; %.0f s",
                        name,
                        i + 1,
                        leftOut.size(),
                        String.join("; ", counts.lines()).trim().replaceAll(" +", " "),
                        secondsSince(begin)));
            }
        }
        return counts;
    }

    /** What each engine rejects first of the whole trace, with a host less than it needs. */
    private static Map<String, Object> oneHostLess(Trace trace, HostKind kind, FewestHosts whole) {
        Map<String, Object> json = new LinkedHashMap<>();
        for (Engine engine : ENGINES) {
            FirstRejection.of(engine, trace, kind.pool(), whole.hosts(engine) - 1)
                    .ifPresent(rejection -> {
                        Report.print("%s", rejection.line(engine));
                        json.put(engine.key(), rejection.json());
                    });
        }
        return json;
    }

    private FewestHosts fewest(Trace trace, HostKind kind) {
        FewestHosts fewest = FewestHosts.of(trace, kind.pool(), ENGINES);
        violations += fewest.violations();
        return fewest;
    }

    private double secondsSince(long beginNanos) {
        return (clock.nanoTime() - beginNanos) / 1e9;
    }
}
