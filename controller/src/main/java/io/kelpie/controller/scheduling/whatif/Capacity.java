package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Removals;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many more VMs of one kind fit.
 *
 * @param fits so many; with the limit reached, at least so many
 * @param limitReached whether the count was ended before a rule ended it
 * @param hosts hosts that were looked at
 * @param byDomain how many fit in each domain of the label that was asked for, those with none included; hosts without
 *     the label are under the empty text; empty if no label was asked for
 * @param stops what stops one more, a row per rule; empty if the limit was reached
 */
public record Capacity(
        int fits, boolean limitReached, int hosts, SortedMap<String, Integer> byDomain, List<Stop> stops) {
    public Capacity {
        byDomain = Collections.unmodifiableSortedMap(new TreeMap<>(byDomain));
        stops = List.copyOf(stops);
    }

    /**
     * A rule that stops one more VM.
     *
     * @param outcome what it did, as in a decision
     * @param hostsAlone hosts that would take one more but for this rule
     */
    public record Stop(RuleOutcome outcome, int hostsAlone) {}

    /**
     * The rule that limits: the one to loosen first, as most hosts would take one more but for it; if there is none
     * such, the one that removed most hosts; of equal ones the first. Empty if the limit was reached or there are no
     * hosts.
     */
    public Optional<RuleOutcome> limiting() {
        return stops.stream()
                .max(Comparator.comparingInt(Stop::hostsAlone)
                        .thenComparingInt(stop -> stop.outcome().hostsRemoved())
                        .thenComparingInt(stop -> -stops.indexOf(stop)))
                .map(Stop::outcome);
    }

    /**
     * Counts on a copy of the snapshot.
     *
     * @param one one VM of the kind: its id does not matter
     * @param byLabel the label by whose values to count, {@code rack} for instance
     * @param limit the count ends here, at least 1
     */
    public static Capacity of(
            ClusterSnapshot snapshot,
            PlacementRequest one,
            SchedulingPolicy policy,
            long seed,
            Optional<String> byLabel,
            int limit) {
        return of(Trial.of(snapshot, policy.withoutStartsInFlight(), seed).inventory(), one, byLabel, limit);
    }

    /**
     * Counts on an inventory, which is full afterwards: one that a host was taken from answers for the time after its
     * loss. Its policy has no limit on starts in flight.
     */
    public static Capacity of(Inventory inventory, PlacementRequest one, Optional<String> byLabel, int limit) {
        Search search = new Search(inventory);
        HostTable hosts = inventory.hosts();
        SortedMap<String, Integer> byDomain = new TreeMap<>();
        for (int host = 0; byLabel.isPresent() && host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                byDomain.putIfAbsent(domain(hosts, host, byLabel.get()), 0);
            }
        }
        int fits = 0;
        Ask ask = inventory.ask(one);
        int host = search.best(ask);
        while (host != HostTable.UNKNOWN && fits < limit) {
            inventory.place(ask, host);
            fits++;
            if (byLabel.isPresent()) {
                byDomain.merge(domain(hosts, host, byLabel.get()), 1, Integer::sum);
            }
            host = search.best(ask);
        }
        boolean limitReached = host != HostTable.UNKNOWN;
        return new Capacity(fits, limitReached, hosts.count(), byDomain, limitReached ? List.of() : stops(hosts, ask));
    }

    private static String domain(HostTable hosts, int host, String label) {
        return hosts.view(host).traits().labels().getOrDefault(label, "");
    }

    private static List<Stop> stops(HostTable hosts, Ask ask) {
        Removals removals = new Removals(Filters.ALL, hosts, ask);
        SortedMap<String, Integer> alone = new TreeMap<>();
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                removals.remove(host);
                onlyMiss(hosts, host, ask).ifPresent(rule -> alone.merge(rule, 1, Integer::sum));
            }
        }
        List<Stop> stops = new ArrayList<>();
        for (RuleOutcome outcome : removals.outcomes()) {
            stops.add(new Stop(outcome, alone.getOrDefault(outcome.rule(), 0)));
        }
        return stops;
    }

    /** The rule that the host fails, if it is one only. */
    private static Optional<String> onlyMiss(HostTable hosts, int host, Ask ask) {
        Optional<String> miss = Optional.empty();
        for (Filter filter : Filters.ALL) {
            if (filter.distance(hosts, host, ask) > 0) {
                if (miss.isPresent()) {
                    return Optional.empty();
                }
                miss = Optional.of(filter.rule());
            }
        }
        return miss;
    }
}
