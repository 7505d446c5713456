package io.kelpie.controller.scheduling.explain;

import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Removals;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import io.kelpie.controller.scheduling.score.Scorer;
import io.kelpie.controller.scheduling.score.Scorers;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Explains what the engine decides for a request, by the engine's own rules and scores. Looks at every host. Changes
 * nothing; belongs to the inventory's thread.
 */
public final class Explainer {
    private static final int SHOWN = 3;

    private final Inventory inventory;
    private final Search search;

    public Explainer(Inventory inventory) {
        this.inventory = inventory;
        search = new Search(inventory);
    }

    /**
     * Explains where a VM of the copy is: what the engine would decide if the VM ended and asked anew, and how its
     * present host stands then. The copy is as before afterwards.
     *
     * @param position of the VM's instance, which is there
     */
    public static PlacedExplanation whyHere(Trial trial, int position, PlacementRequest request) {
        trial.release(position);
        Explainer explainer = new Explainer(trial.inventory());
        Explanation anew = explainer.explain(request);
        PlacedExplanation explanation = explainer.placed(
                trial.view(position).hostId(), anew, trial.inventory().ask(request));
        trial.restore(position);
        return explanation;
    }

    private PlacedExplanation placed(String hostId, Explanation anew, Ask ask) {
        HostTable hosts = inventory.hosts();
        int host = hosts.hostIndex(hostId);
        boolean any = search.best(ask) != HostTable.UNKNOWN;
        List<String> failed = new ArrayList<>();
        for (Filter filter : Filters.ALL) {
            if (filter.distance(hosts, host, ask) > 0) {
                failed.add(filter.rule());
            }
        }
        Optional<Standing> here = any && failed.isEmpty()
                ? Optional.of(standing(host, ask, leastGroup(search.ranking(1))))
                : Optional.empty();
        return new PlacedExplanation(hostId, hosts.view(host).name(), here, failed, anew);
    }

    /** Explains the decision on a VM that is not in the inventory, or was released from it. */
    public Explanation explain(PlacementRequest request) {
        Ask ask = inventory.ask(request);
        int chosen = search.best(ask);
        HostTable hosts = inventory.hosts();
        Removals removals = new Removals(Filters.ALL, hosts, ask);
        int removed = 0;
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host) && removals.remove(host)) {
                removed++;
            }
        }
        List<RuleOutcome> rules = removals.outcomes();
        int passing = hosts.count() - removed;
        if (chosen == HostTable.UNKNOWN) {
            return new Explanation(
                    request.vmId(),
                    hosts.count(),
                    passing,
                    rules,
                    List.of(),
                    Explanation.Choice.NONE,
                    smallestFix(ask));
        }
        List<Integer> ranking = new ArrayList<>(search.ranking(SHOWN));
        Explanation.Choice choice = choice(ask, chosen, passing, ranking);
        ranking.remove((Integer) chosen);
        ranking.add(0, chosen);
        long leastGroup = leastGroup(ranking);
        List<Standing> best = new ArrayList<>();
        for (int host : ranking.subList(0, Math.min(SHOWN, ranking.size()))) {
            best.add(standing(host, ask, leastGroup));
        }
        return new Explanation(request.vmId(), hosts.count(), passing, rules, best, choice, Optional.empty());
    }

    private static Explanation.Choice choice(Ask ask, int chosen, int passing, List<Integer> ranking) {
        if (passing == 1) {
            return Explanation.Choice.ONLY;
        }
        if (chosen == ask.preferredHost()) {
            return Explanation.Choice.PREFERRED;
        }
        return ranking.size() == 1 ? Explanation.Choice.WHOLE_GROUP : Explanation.Choice.LEAST_COST;
    }

    private long leastGroup(List<Integer> ranking) {
        return ranking.stream().mapToLong(search::groupCost).min().orElse(0);
    }

    private Standing standing(int host, Ask ask, long leastGroup) {
        List<ScorePart> parts = new ArrayList<>();
        parts.add(new ScorePart(ScorePart.ROOM, search.roomCost(host)));
        if (search.weighsGroup()) {
            parts.add(new ScorePart(ScorePart.GROUP, search.groupCost(host) - leastGroup));
        }
        for (Scorer scorer : Scorers.ALL) {
            if (scorer.concerns(ask, inventory)) {
                parts.add(new ScorePart(scorer.name(), scorer.cost(inventory, host, ask)));
            }
        }
        return new Standing(
                inventory.hosts().view(host).id(), inventory.hosts().view(host).name(), parts);
    }

    /**
     * The host that fails the fewest rules; of equal ones the one whose first failed rule comes last, as later rules
     * are easier to change; then the one that comes nearest by that rule; then by id.
     */
    private Optional<Fix> smallestFix(Ask ask) {
        HostTable hosts = inventory.hosts();
        int best = HostTable.UNKNOWN;
        int fewest = Integer.MAX_VALUE;
        int latest = -1;
        long nearest = Long.MAX_VALUE;
        for (int host = 0; host < hosts.limit(); host++) {
            if (!hosts.exists(host)) {
                continue;
            }
            int misses = 0;
            int first = 0;
            long distance = 0;
            for (int i = Filters.ALL.size() - 1; i >= 0; i--) {
                long missing = Filters.ALL.get(i).distance(hosts, host, ask);
                if (missing > 0) {
                    misses++;
                    first = i;
                    distance = missing;
                }
            }
            int order = Integer.compare(misses, fewest);
            order = order != 0 ? order : Integer.compare(latest, first);
            order = order != 0 ? order : Long.compare(distance, nearest);
            if (order < 0 || (order == 0 && comesFirst(host, best))) {
                best = host;
                fewest = misses;
                latest = first;
                nearest = distance;
            }
        }
        return best == HostTable.UNKNOWN ? Optional.empty() : Optional.of(fix(best, ask));
    }

    private boolean comesFirst(int host, int other) {
        return inventory
                        .hosts()
                        .view(host)
                        .id()
                        .compareTo(inventory.hosts().view(other).id())
                < 0;
    }

    private Fix fix(int host, Ask ask) {
        HostTable hosts = inventory.hosts();
        List<String> rules = new ArrayList<>();
        List<String> changes = new ArrayList<>();
        for (Filter filter : Filters.ALL) {
            if (filter.distance(hosts, host, ask) > 0) {
                rules.add(filter.rule());
                changes.add(filter.rejection(hosts, host, ask).fix());
            }
        }
        return new Fix(hosts.view(host).id(), hosts.view(host).name(), rules, changes);
    }
}
