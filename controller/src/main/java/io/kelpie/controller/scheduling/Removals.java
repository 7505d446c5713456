package io.kelpie.controller.scheduling;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Rejection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs the filters for one request and remembers, for each, how many hosts it was the first to remove and which of them
 * came nearest: by the rule's own distance, then by how few later rules would remove it too, then by id. So "uncordon
 * h1" is said of a host that would do, if there is one.
 */
public final class Removals {
    private final List<Filter> filters;
    private final HostTable hosts;
    private final Ask ask;
    private final int[] removed;
    private final int[] nearest;
    private final long[] nearestDistance;
    private final int[] nearestLaterMisses;

    public Removals(List<Filter> filters, HostTable hosts, Ask ask) {
        this.filters = filters;
        this.hosts = hosts;
        this.ask = ask;
        removed = new int[filters.size()];
        nearest = new int[filters.size()];
        nearestDistance = new long[filters.size()];
        nearestLaterMisses = new int[filters.size()];
        Arrays.fill(nearestDistance, Long.MAX_VALUE);
    }

    /** Whether a filter removes the host; call it once a host. */
    public boolean remove(int host) {
        for (int i = 0; i < filters.size(); i++) {
            long distance = filters.get(i).distance(hosts, host, ask);
            if (distance > 0) {
                removed[i]++;
                compareWithNearest(i, host, distance);
                return true;
            }
        }
        return false;
    }

    private void compareWithNearest(int filter, int host, long distance) {
        if (distance > nearestDistance[filter]
                || (distance == nearestDistance[filter]
                        && nearestLaterMisses[filter] == 0
                        && !isBefore(host, nearest[filter]))) {
            return;
        }
        int laterMisses = 0;
        for (int later = filter + 1; later < filters.size(); later++) {
            if (filters.get(later).distance(hosts, host, ask) > 0) {
                laterMisses++;
            }
        }
        if (distance < nearestDistance[filter]
                || laterMisses < nearestLaterMisses[filter]
                || (laterMisses == nearestLaterMisses[filter] && isBefore(host, nearest[filter]))) {
            nearest[filter] = host;
            nearestDistance[filter] = distance;
            nearestLaterMisses[filter] = laterMisses;
        }
    }

    private boolean isBefore(int host, int other) {
        return hosts.view(host).id().compareTo(hosts.view(other).id()) < 0;
    }

    /** A row per filter that removed a host. Before the request takes anything. */
    public List<RuleOutcome> outcomes() {
        List<RuleOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < filters.size(); i++) {
            if (removed[i] > 0) {
                Rejection rejection = filters.get(i).rejection(hosts, nearest[i], ask);
                outcomes.add(new RuleOutcome(
                        filters.get(i).rule(),
                        removed[i],
                        rejection.nearestHost(),
                        rejection.asked(),
                        rejection.free(),
                        rejection.shortfall(),
                        rejection.fix()));
            }
        }
        return outcomes;
    }
}
