package io.kelpie.controller.control;

import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.ControllerSetChange;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.ControllersRead;
import io.kelpie.controller.view.Warnings;
import io.kelpie.proto.v1.ControllerSetRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The set of controllers in the leader's hands: changes it for operators, lets an added member lead once all have
 * acknowledged, and says when a member is away whom hosts would have to ask. Belongs to the control thread.
 */
final class ControllerRound {
    private static final String DEGRADED = "UnanimityDegraded";

    private final Membership membership;
    private final ClusterEditor cluster;
    private final Leases leases;
    private final Warnings warnings;
    private final Consumer<Unit> pipeline;
    private Set<String> away = Set.of();
    private boolean toResign;

    ControllerRound(
            Membership membership, ClusterEditor cluster, Leases leases, Warnings warnings, Consumer<Unit> pipeline) {
        this.membership = membership;
        this.cluster = cluster;
        this.leases = leases;
        this.warnings = warnings;
        this.pipeline = pipeline;
    }

    /** True once a set without this controller is durable. */
    boolean isToResign() {
        return toResign;
    }

    /** The set as this term has left it, durable or not yet. */
    ControllerSet set() {
        return ControllerSetRecords.of(cluster.controllerSet());
    }

    /** What members have acknowledged, as it was read last. */
    Map<String, Long> acknowledged() {
        return membership.view().latest().map(ControllersRead::acknowledged).orElse(Map.of());
    }

    /** Looks at acknowledgements and at who answers; to be called a few times a second. */
    void check() {
        settle();
        watch();
    }

    private void settle() {
        ControllerSet set = set();
        if (set.awaited().isEmpty()) {
            return;
        }
        List<String> missing = set.missing(acknowledged());
        if (leases.rules().mayLead(missing.isEmpty())) {
            Unit unit = new Unit();
            put(set.settled(), "ControllersSettled", "all members may lead: " + set.names(), unit);
            pipeline.accept(unit);
        }
    }

    /** Adds a controller, or gives one another address. */
    ControllerSetChange add(String id, String address, Unit unit) {
        ControllerSetChange change = ControllerSetChange.add(set(), acknowledged(), id, address, membership.ownId());
        if (change instanceof ControllerSetChange.Next next) {
            put(next.set(), "ControllerAdded", id + " at " + address + version(next.set()), unit);
        }
        return change;
    }

    /** Removes a controller. If it is this one, the unit is the last of the term. */
    ControllerSetChange remove(String id, boolean confirmedDead, Unit unit) {
        int leased =
                cluster.hosts().stream().mapToInt(HostEntry::leasedInstances).sum();
        ControllerSetChange change =
                ControllerSetChange.remove(set(), acknowledged(), id, confirmedDead, membership.ownId(), leased);
        if (change instanceof ControllerSetChange.Next next) {
            put(next.set(), "ControllerRemoved", id + version(next.set()), unit);
            if (id.equals(membership.ownId())) {
                // From its commit on hosts ask others, who do not know of this leader's term: nothing may follow it.
                unit.last();
                unit.then(() -> toResign = true);
            }
        }
        return change;
    }

    private static String version(ControllerSet set) {
        return "; version " + set.version() + " of the set: " + set.names();
    }

    private void put(ControllerSet set, String event, String message, Unit unit) {
        ControllerSetRecord record = ControllerSetRecords.record(set);
        cluster.putControllerSet(record, unit);
        unit.then(() -> {
            leases.controllerSet(record.getSet());
            cluster.events().add("cluster", event, message);
        });
    }

    private void watch() {
        Map<String, String> unreachable = new TreeMap<>(membership.reach().unreachable());
        unreachable.keySet().removeIf(id -> set().member(id).isEmpty());
        if (unreachable.isEmpty()) {
            if (warnings.clear(DEGRADED)) {
                cluster.events().add("cluster", "UnanimityRestored", "every controller of the set answers");
            }
            away = Set.of();
            return;
        }
        String who = unreachable.entrySet().stream()
                .map(member -> member.getKey() + " (" + member.getValue() + ")")
                .collect(Collectors.joining(", "));
        String sentence = "no answer of " + who
                + ": should ZooKeeper be lost now, leased VMs end; start it, or if it is dead for good:"
                + " kelpie cluster controllers remove "
                + unreachable.keySet().iterator().next() + " --confirm-dead";
        warnings.raise(DEGRADED, sentence);
        if (!unreachable.keySet().equals(away)) {
            away = new HashSet<>(unreachable.keySet());
            cluster.events().add("cluster", DEGRADED, sentence);
        }
    }
}
