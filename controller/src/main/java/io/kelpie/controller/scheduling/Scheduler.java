package io.kelpie.controller.scheduling;

import io.kelpie.controller.scheduling.filter.Filters;
import io.kelpie.controller.scheduling.score.BestFitScorer;
import io.kelpie.controller.scheduling.score.Scorer;
import io.kelpie.controller.scheduling.table.Ask;
import io.kelpie.controller.scheduling.table.HostTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Places VMs on hosts: filters remove hosts, a scorer ranks what is left. Pure and deterministic: the same arguments
 * give the same plan. Safe for use by any thread.
 */
public final class Scheduler {
    private static final Scorer SCORER = new BestFitScorer();

    private Scheduler() {}

    /**
     * Decides on each request in turn; each sees what the earlier ones took. A preferred host that passes is taken;
     * else the one with the highest score; ties go by the seed, then by the host's id.
     *
     * @param seed breaks ties between hosts of equal score
     */
    public static Plan plan(
            ClusterSnapshot snapshot, List<PlacementRequest> requests, SchedulingPolicy policy, long seed) {
        HostTable hosts = new HostTable(snapshot, policy);
        long[] tieBreaks = tieBreaks(hosts, seed);
        List<Decision> decisions = new ArrayList<>(requests.size());
        for (PlacementRequest request : requests) {
            decisions.add(decide(hosts, new Ask(request, hosts), tieBreaks));
        }
        return new Plan(decisions);
    }

    private static Decision decide(HostTable hosts, Ask ask, long[] tieBreaks) {
        Removals removals = new Removals(Filters.ALL, hosts, ask);
        int best = HostTable.UNKNOWN;
        long bestScore = -1;
        for (int host = 0; host < hosts.size(); host++) {
            if (removals.remove(host)) {
                continue;
            }
            long score = SCORER.score(hosts, host, ask);
            if (host == ask.preferredHost()) {
                best = host;
                bestScore = score;
            } else if (best != ask.preferredHost() || best == HostTable.UNKNOWN) {
                boolean wins = score > bestScore || (score == bestScore && tieBreaks[host] < tieBreaks[best]);
                if (wins) {
                    best = host;
                    bestScore = score;
                }
            }
        }
        List<RuleOutcome> rules = removals.outcomes();
        if (best == HostTable.UNKNOWN) {
            return new Decision(ask.request().vmId(), Optional.empty(), 0, hosts.size(), rules);
        }
        hosts.take(best, ask);
        int points = (int) (bestScore * 100 / Scorer.BEST);
        return new Decision(ask.request().vmId(), Optional.of(hosts.view(best).id()), points, hosts.size(), rules);
    }

    private static long[] tieBreaks(HostTable hosts, long seed) {
        long[] tieBreaks = new long[hosts.size()];
        for (int host = 0; host < tieBreaks.length; host++) {
            String id = hosts.view(host).id();
            long hash = seed;
            for (int i = 0; i < id.length(); i++) {
                hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
            }
            tieBreaks[host] = mix(hash);
        }
        return tieBreaks;
    }

    /** The finalizer of SplitMix64: hosts with similar ids get unlike numbers. */
    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
