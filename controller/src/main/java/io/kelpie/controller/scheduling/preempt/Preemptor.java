package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.HostTrial;
import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobTerms.Spread;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes room for a request that no host passes for: finds the host where the fewest VMs have to be ended, then those of
 * the lowest priority, then the youngest. Only VMs of lower priority are ended, never more of a job than its budget
 * allows, none of the request's own job, none of a job that it has to be near, and none that is to be kept running. Where
 * the request is spread, domains with fewer VMs of its job come first.
 *
 * <p>The answer is a function of the inventory and its seed, and the inventory is not changed. The work is bounded, see
 * {@link PreemptionLimits}. Belongs to the inventory's thread.
 */
public final class Preemptor {
    private final Inventory inventory;
    private final HostTable hosts;
    private final Instances instances;
    private final PreemptionLimits limits;
    private final HostTrial trial;
    private final Profiles profiles;
    private final Estimate estimate;
    private final Shortlist shortlist;

    /**
     * @param search over the same inventory
     */
    public Preemptor(Inventory inventory, Search search, PreemptionLimits limits) {
        this.inventory = inventory;
        this.limits = limits;
        hosts = inventory.hosts();
        instances = inventory.instances();
        trial = new HostTrial(inventory, search);
        profiles = new Profiles(inventory);
        estimate = new Estimate(inventory);
        shortlist = new Shortlist(inventory);
    }

    /** How to make room for a request that no host passes for; empty if there is no way, or none within the limits. */
    public Optional<Preemption> find(Ask ask) {
        if (!instances.canMakeRoomFor(ask.priority())) {
            return Optional.empty();
        }
        ask.undecideSpreads();
        list(ask);
        Effort effort = new Effort(limits);
        Choice best = null;
        Price bestPrice = null;
        int bestHost = HostTable.UNKNOWN;
        for (int host = shortlist.next(); host != HostTable.UNKNOWN; host = shortlist.next()) {
            Price least = shortlist.least(host);
            if ((bestPrice != null && bestPrice.compareTo(least) < 0) || !effort.nextHost()) {
                break;
            }
            Optional<Choice> choice = new Selection(inventory, trial, ask, host, profiles.of(host), effort).choose();
            if (choice.isPresent()) {
                Price price = choice.get().price(instances, Price.skew(least.key()), least.hostRank(), least.hostId());
                if (bestPrice == null || price.compareTo(bestPrice) < 0) {
                    best = choice.get();
                    bestPrice = price;
                    bestHost = host;
                }
            }
        }
        return best == null ? Optional.empty() : Optional.of(preemption(ask, bestHost, best, effort));
    }

    /** Lists the hosts where ending VMs could help, as far as sums tell. */
    private void list(Ask ask) {
        shortlist.clear();
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)
                    && (!ask.isBound() || host == ask.boundHost())
                    && !trial.isBarred(ask, host)
                    && estimate.make(ask, host, profiles.of(host))) {
                long key = Price.key(0, estimate.victims(), 0, estimate.highestPriority(), estimate.prioritySum());
                shortlist.add(host, key, estimate.oldestSinceMillis());
            }
        }
        for (Spread spread : ask.terms().spread()) {
            addSkew(spread);
        }
        shortlist.order();
    }

    /** Hosts in domains beyond what the spread rule allows, seen from the listed ones, come later. */
    private void addSkew(Spread spread) {
        Census census = spread.census();
        int floor = Integer.MAX_VALUE;
        for (int i = 0; i < shortlist.size(); i++) {
            floor = Math.min(floor, census.count(census.domainOf(shortlist.host(i))));
        }
        for (int i = 0; i < shortlist.size(); i++) {
            int host = shortlist.host(i);
            int skew =
                    census.count(census.domainOf(host)) - floor - spread.rule().maxSkew() + 1;
            shortlist.addSkew(host, Math.max(0, skew));
        }
    }

    private Preemption preemption(Ask ask, int host, Choice choice, Effort effort) {
        List<UUID> superseded = Arrays.stream(choice.claims())
                .mapToObj(claim -> instances.ask(claim).vmId())
                .toList();
        List<UUID> awaited = Arrays.stream(profiles.of(host).leaving())
                .mapToObj(instance -> instances.ask(instance).vmId())
                .sorted()
                .toList();
        return new Preemption(
                ask.vmId(),
                hosts.view(host).id(),
                choice.numaNodes(),
                choice.victims(instances),
                superseded,
                awaited,
                effort.hosts(),
                effort.steps());
    }

    /** Why {@link #find} found no way. Looks at every instance: for one request that somebody asks about. */
    public NoPreemption whyNot(Ask ask) {
        ask.undecideSpreads();
        return new Diagnosis(inventory, trial).of(ask);
    }
}
