package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.controller.scheduling.filter.Filters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Places VMs on hosts: rules remove hosts, scores rank what is left. Deterministic: the same state, seed and requests
 * give the same plan.
 */
public final class Scheduler {
    /** Of the VMs that a plan places, so many are told which rules removed which hosts: it costs a look at every host. */
    private static final int EXPLAINED_MAX = 50;

    private Scheduler() {}

    /**
     * Decides on each request in turn; each sees what the earlier ones took. A preferred host that passes is taken;
     * else the one with the highest score; ties go by the seed and the host's id. Pure; safe for use by any thread.
     *
     * @param seed breaks ties between hosts of equal score
     */
    public static Plan plan(
            ClusterSnapshot snapshot, List<PlacementRequest> requests, SchedulingPolicy policy, long seed) {
        Inventory inventory = new Inventory(policy, seed, Reservation::of);
        snapshot.hosts().forEach(inventory::put);
        snapshot.instances().forEach(inventory::count);
        return plan(inventory, requests);
    }

    /** The same on an inventory, which is afterwards as it was; only backups may be others. */
    public static Plan plan(Inventory inventory, List<PlacementRequest> requests) {
        Search search = new Search(inventory);
        List<Decision> decisions = new ArrayList<>(requests.size());
        List<Integer> placed = new ArrayList<>();
        List<Integer> instances = new ArrayList<>(requests.size());
        for (PlacementRequest request : requests) {
            Outcome outcome = decide(inventory, search, request, placed.size() < EXPLAINED_MAX);
            decisions.add(outcome.decision());
            instances.add(outcome.instance());
            if (outcome.isPlaced()) {
                placed.add(outcome.instance());
            }
        }
        noteBackups(inventory, instances, decisions);
        for (int i = placed.size() - 1; i >= 0; i--) {
            inventory.release(placed.get(i));
        }
        return new Plan(decisions);
    }

    /**
     * Corrects decisions once all are made: what is placed later may move the backups of earlier ones, and only those at
     * the end hold together.
     *
     * @param instances numbers of the instances, in the order of the decisions; {@link Inventory#NO_INSTANCE}: not placed
     */
    public static void noteBackups(Inventory inventory, List<Integer> instances, List<Decision> decisions) {
        if (inventory.policy().nPlusOne() == NPlusOne.OFF) {
            return;
        }
        inventory.reserve().settle();
        for (int i = 0; i < instances.size(); i++) {
            if (instances.get(i) != Inventory.NO_INSTANCE) {
                decisions.set(i, decisions.get(i).backedUpOn(backup(inventory, instances.get(i))));
            }
        }
    }

    private static Optional<String> backup(Inventory inventory, int instance) {
        int host = inventory.backupOf(instance);
        return host == HostTable.UNKNOWN
                ? Optional.empty()
                : Optional.of(inventory.hosts().view(host).id());
    }

    /** Decides on one request with all its reasons and, if it finds a host, places the VM there for good. */
    public static Decision decide(Inventory inventory, Search search, PlacementRequest request) {
        return decide(inventory, search, request, true).decision();
    }

    /** The same, but for a VM that finds a host it does not say which rules removed others. */
    public static Decision decideBriefly(Inventory inventory, Search search, PlacementRequest request) {
        return decide(inventory, search, request, false).decision();
    }

    /**
     * A decision that was carried out in the inventory.
     *
     * @param instance number of the instance; {@link Inventory#NO_INSTANCE} if no host was found
     */
    public record Outcome(Decision decision, int instance) {
        public boolean isPlaced() {
            return instance != Inventory.NO_INSTANCE;
        }
    }

    /**
     * Decides on one request and, if it finds a host, places the VM there until the instance is released.
     *
     * @param explainedIfPlaced whether a VM that finds a host is told which rules removed others: it costs a look at every
     *     host
     */
    public static Outcome decide(
            Inventory inventory, Search search, PlacementRequest request, boolean explainedIfPlaced) {
        Ask ask = inventory.ask(request);
        int best = search.best(ask);
        HostTable hosts = inventory.hosts();
        if (best == HostTable.UNKNOWN) {
            Decision rejected = Decision.rejected(request.vmId(), hosts.count(), outcomes(hosts, ask));
            return new Outcome(rejected, Inventory.NO_INSTANCE);
        }
        List<RuleOutcome> outcomes = explainedIfPlaced ? outcomes(hosts, ask) : List.of();
        int points = search.points(best);
        int instance = inventory.place(ask, best);
        Decision decision = new Decision(
                request.vmId(),
                Optional.of(hosts.view(best).id()),
                points,
                inventory.numaNodes(instance),
                hosts.count(),
                outcomes,
                backup(inventory, instance));
        return new Outcome(decision, instance);
    }

    /**
     * Which rules remove which hosts, each host by the first rule that it does not pass. Looks at every host.
     *
     * @param ask as {@link Search#best} has left it
     */
    public static List<RuleOutcome> outcomes(HostTable hosts, Ask ask) {
        Removals removals = new Removals(Filters.ALL, hosts, ask);
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                removals.remove(host);
            }
        }
        return removals.outcomes();
    }
}
