package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobTerms.Affinity;
import java.util.List;

/**
 * What a job prefers without requiring it: labels with their weights, nearness to jobs and distance from them with a
 * weight of 100 each. Costs the share of the weights that a host does not meet.
 */
final class PreferenceScorer implements Scorer {
    private static final int AFFINITY_WEIGHT = 100;

    @Override
    public String name() {
        return "preferences";
    }

    @Override
    public boolean concerns(Ask ask, Inventory inventory) {
        return weights(ask) > 0;
    }

    @Override
    public long cost(Inventory inventory, int host, Ask ask) {
        long missed = ask.demand().preferWeights() == 0
                ? 0
                : ask.demand()
                        .missedWeights(
                                inventory.index().traitClass(host), inventory.traitRevision(), inventory.hosts(), host);
        missed +=
                missed(ask.terms().affinity(), host, false) + missed(ask.terms().antiAffinity(), host, true);
        return inventory.policy().preferWeight() * POINT * missed / weights(ask);
    }

    @Override
    public long leastAway(Ask ask, SchedulingPolicy policy) {
        return policy.preferWeight() * POINT * weights(ask.terms().affinity()) / weights(ask);
    }

    private static long missed(List<Affinity> affinities, int host, boolean away) {
        long missed = 0;
        for (int i = 0; i < affinities.size(); i++) {
            Affinity affinity = affinities.get(i);
            if (!affinity.required()) {
                int domain = affinity.census().domainOf(host);
                boolean near = domain != Domains.NONE && affinity.census().count(domain) > 0;
                missed += near == away ? AFFINITY_WEIGHT : 0;
            }
        }
        return missed;
    }

    private static long weights(Ask ask) {
        return ask.demand().preferWeights()
                + weights(ask.terms().affinity())
                + weights(ask.terms().antiAffinity());
    }

    private static long weights(List<Affinity> affinities) {
        long weights = 0;
        for (int i = 0; i < affinities.size(); i++) {
            weights += affinities.get(i).required() ? 0 : AFFINITY_WEIGHT;
        }
        return weights;
    }
}
