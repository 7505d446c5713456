package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.UniformPool;
import io.kelpie.it.benchmark.measure.Report;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs all engines on a trace, prints a table and gives the figures as JSON. Used by one thread. */
public final class PackingReport {
    /** All of them. */
    public static final List<Engine> ALL = List.of(Engine.values());

    /** Those that pack: spreading takes many more hosts, and so long. */
    public static final List<Engine> PACKING = List.of(Engine.FIRST_FIT, Engine.BEST_FIT, Engine.KELPIE_PACK);

    private long violations;

    /** Violations of rules, by the independent checker, over all that was run. */
    public long violations() {
        return violations;
    }

    /** How many VMs find a place on a pool. */
    public Map<String, Object> placed(String title, ReplayPool pool, Trace trace) {
        AffinityOffline offline = AffinityOffline.of(pool, trace);
        PlacedBound bound = PlacedBound.of(pool, trace);
        Report.print("");
        Report.print(
                "%-32s %8s %8s %9s %14s %13s %11s",
                title, "placed", "none", "affinity", "anti-affinity", "fault_domain", "violations");
        Map<String, Object> json = new LinkedHashMap<>();
        for (Engine engine : ALL) {
            StrategyRun run = StrategyRun.of(engine, pool, trace);
            violations += run.violations();
            json.put(engine.key(), run.json());
            Report.print(
                    "%-32s %8d %8d %9d %14d %13d %11d",
                    "  " + engine.key(),
                    run.placed(),
                    run.placed(Strategy.NONE),
                    run.placed(Strategy.AFFINITY),
                    run.placed(Strategy.ANTI_AFFINITY),
                    run.placed(Strategy.FAULT_DOMAIN),
                    run.violations());
        }
        Report.print(
                "%-32s %8d %8s %9d   greedy offline, affinity alone: %d",
                "  bound", bound.vms(), "", bound.affinityVms(), offline.placed());
        json.put("affinityOffline", offline.placed());
        json.put("affinityBound", bound.affinityVms());
        json.put("placedBound", bound.vms());
        return json;
    }

    /** How few hosts of a kind do. */
    public Map<String, Object> fewestHosts(String title, Trace trace, UniformPool kind, List<Engine> engines) {
        FewestHosts fewest = FewestHosts.of(trace, kind, engines);
        violations += fewest.violations();
        Report.print("");
        Report.print(
                "%s: %d VMs; fewest hosts of %d vCPUs and %d GiB",
                title, trace.vms().size(), kind.vcpus(), kind.memoryGib());
        fewest.hosts().forEach((engine, count) -> Report.print("  %-16s %6d", engine.key(), count));
        Report.print(
                "  %-16s %6d   by volume %d; gap closed %.2f",
                "bound", fewest.bound(), fewest.volumeBound(), fewest.gapClosed(Engine.KELPIE_PACK));
        return fewest.json();
    }
}
