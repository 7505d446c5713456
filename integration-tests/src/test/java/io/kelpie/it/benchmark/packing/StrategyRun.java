package io.kelpie.it.benchmark.packing;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.ReplayChecker;
import io.kelpie.controller.replay.ReplayLog;
import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayRun;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an engine makes of a trace on a pool of a given size.
 *
 * @param placed VMs with a place
 * @param placedBy of these, by strategy
 * @param rejected by rule
 * @param violations of rules, by the independent checker
 */
public record StrategyRun(
        int placed, Map<Strategy, Integer> placedBy, Map<String, Integer> rejected, int hostsUsed, long violations) {

    public static StrategyRun of(Engine engine, ReplayPool pool, Trace trace) {
        ReplayOutcome outcome = ReplayRun.whole(pool, trace, engine.rules(), engine.factory(), TimeSource.system());
        ReplayChecker.Verdict verdict =
                ReplayChecker.check(pool, trace, engine.rules().overhead(), outcome.log());
        return new StrategyRun(
                outcome.placed(),
                placedBy(trace, outcome.log()),
                outcome.rejected(),
                outcome.hostsUsed(),
                verdict.violations());
    }

    private static Map<Strategy, Integer> placedBy(Trace trace, ReplayLog log) {
        Map<Strategy, Integer> placed = new EnumMap<>(Strategy.class);
        for (Strategy strategy : Strategy.values()) {
            placed.put(strategy, 0);
        }
        for (int entry = 0; entry < log.size(); entry++) {
            if (!log.isRemoval(entry)) {
                placed.merge(trace.vms().get(log.vm(entry)).vm().strategy(), 1, Integer::sum);
            }
        }
        return placed;
    }

    public int placed(Strategy strategy) {
        return placedBy.getOrDefault(strategy, 0);
    }

    Map<String, Object> json() {
        Map<String, Integer> byWord = new LinkedHashMap<>();
        placedBy.forEach((strategy, count) -> byWord.put(strategy.word(), count));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("placed", placed);
        json.put("placedBy", byWord);
        json.put("rejected", rejected);
        json.put("hostsUsed", hostsUsed);
        json.put("violations", violations);
        return json;
    }
}
