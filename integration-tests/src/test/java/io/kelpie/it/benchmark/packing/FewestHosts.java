package io.kelpie.it.benchmark.packing;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.MinHosts;
import io.kelpie.controller.replay.ReplayChecker;
import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayRules;
import io.kelpie.controller.replay.ReplayRun;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.VolumeBound;
import io.kelpie.controller.replay.input.UniformPool;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fewest hosts of a kind on which each engine takes a trace with departures without a rejection, beside what no engine
 * can do without.
 *
 * @param hosts by engine
 * @param volumeBound by vCPUs and memory alone
 * @param bound the better one of that and of {@link HostsBound} at the busiest instants
 * @param violations of rules, by the independent checker, over all engines
 */
public record FewestHosts(Map<Engine, Integer> hosts, long volumeBound, long bound, long violations) {

    public static FewestHosts of(Trace trace, UniformPool kind, List<Engine> engines) {
        VolumeBound volume = VolumeBound.of(trace, ReplayRules.Overhead.NONE);
        long volumeBound = volume.hosts(kind.vcpus(), kind.memoryMib());
        long bound = volumeBound;
        for (List<ReplayVm> present : BusyInstants.of(trace, kind.vcpus(), kind.memoryMib())) {
            bound = Math.max(
                    bound,
                    HostsBound.of(present, kind.vcpus(), kind.memoryMib()).hosts());
        }
        Map<Engine, Integer> hosts = new EnumMap<>(Engine.class);
        long violations = 0;
        for (Engine engine : engines) {
            int fewest = fewest(engine, trace, kind, (int) bound, volume.vms());
            hosts.put(engine, fewest);
            violations += violations(engine, trace, kind.of(fewest));
        }
        return new FewestHosts(hosts, volumeBound, bound, violations);
    }

    private static int fewest(Engine engine, Trace trace, UniformPool kind, int atLeast, int atMost) {
        MinHosts found = MinHosts.find(
                atLeast,
                Math.max(atLeast, atMost),
                count -> ReplayRun.untilRejected(
                                        kind.of(count), trace, engine.rules(), engine.factory(), TimeSource.system())
                                .rejections()
                        == 0);
        return found.hosts()
                .orElseThrow(() -> new IllegalStateException(
                        engine.key() + " rejects a VM even with a host for each VM of the busiest instant"));
    }

    private static long violations(Engine engine, Trace trace, ReplayPool pool) {
        ReplayOutcome outcome = ReplayRun.whole(pool, trace, engine.rules(), engine.factory(), TimeSource.system());
        return ReplayChecker.check(pool, trace, engine.rules().overhead(), outcome.log())
                .violations();
    }

    /**
     * @param engine one of those that were run
     */
    int hosts(Engine engine) {
        Integer count = hosts.get(engine);
        if (count == null) {
            throw new IllegalArgumentException(engine.key() + " was not run");
        }
        return count;
    }

    /** Of the hosts that best-fit uses beyond the bound, the share that an engine saves. NaN if there are none. */
    public double gapClosed(Engine engine) {
        double gap = hosts.getOrDefault(Engine.BEST_FIT, 0) - bound;
        return gap <= 0 ? Double.NaN : (hosts.getOrDefault(Engine.BEST_FIT, 0) - hosts.getOrDefault(engine, 0)) / gap;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        hosts.forEach((engine, count) -> json.put(engine.key(), count));
        json.put("volumeBound", volumeBound);
        json.put("bound", bound);
        double closed = gapClosed(Engine.KELPIE_PACK);
        json.put("gapClosed", Double.isNaN(closed) ? null : Math.round(closed * 1000) / 1000.0);
        json.put("violations", violations);
        return json;
    }
}
