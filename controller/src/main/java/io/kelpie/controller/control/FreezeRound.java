package io.kelpie.controller.control;

import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.view.FreezeView;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.Freeze;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A freeze of the cluster: grants without an end, for planned downtime of all controllers.
 *
 * <p>A host is granted no lease without an end before its record says so, and its record says so until it has taken one
 * that ends: so no leader, this one or a later one, ever counts the end of a lease that has none. What has to be done
 * follows from the records alone, each time anew, so a change of leaders in the midst of it changes nothing.
 *
 * <p>Belongs to the control thread.
 */
final class FreezeRound {
    /** Hosts flagged by one unit: keeps it well below one batch. */
    private static final int HOSTS_PER_UNIT = 100;

    private final ClusterEditor cluster;
    private final Leases leases;
    private final FreezeView view;
    private final Consumer<Unit> pipeline;

    /** Hosts whose grants were told of the present freeze. */
    private final Set<String> told = new HashSet<>();

    /** Grows with each freeze and each thaw: what was to follow an earlier one is void. */
    private int round;

    FreezeRound(ClusterEditor cluster, Leases leases, FreezeView view, Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.leases = leases;
        this.view = view;
        this.pipeline = pipeline;
    }

    boolean isFrozen() {
        return cluster.config().hasFreeze();
    }

    /** Begins a freeze, or sets another end for the present one. */
    void freeze(long untilMillis, Unit unit) {
        ConfigRecord config = cluster.config();
        Freeze freeze = config.getFreeze().toBuilder()
                .setAtMillis(config.hasFreeze() ? config.getFreeze().getAtMillis() : cluster.nowMillis())
                .setUntilMillis(untilMillis)
                .build();
        if (!config.hasFreeze()) {
            round++;
            told.clear();
        }
        cluster.putConfig(config.toBuilder().setFreeze(freeze).build(), unit);
        unit.then(() -> cluster.events().add("cluster", "Frozen", "leases of all hosts last until the thaw"));
    }

    /** Ends the freeze, if there is one. */
    void thaw(String why, Unit unit) {
        if (!isFrozen()) {
            return;
        }
        round++;
        told.clear();
        cluster.putConfig(cluster.config().toBuilder().clearFreeze().build(), unit);
        unit.then(() -> cluster.events().add("cluster", "Thawed", why));
    }

    /**
     * What the grants of a host that is being admitted are to be like; to be asked when its record is changed, and run
     * when that is durable, before its stream is admitted.
     */
    Runnable admission(HostEntry host) {
        int presently = round;
        boolean untilThaw = isFrozen() && host.record().getUntilThaw();
        return () -> leases.grantUntilThaw(host.id(), untilThaw && presently == round);
    }

    /** Goes on with what is begun; to be called a few times a second. */
    void check() {
        if (isFrozen() && cluster.nowMillis() >= cluster.config().getFreeze().getUntilMillis()) {
            Unit unit = new Unit();
            thaw("the time that was set for the freeze is over", unit);
            pipeline.accept(unit);
        }
        if (isFrozen()) {
            flagAll();
        } else {
            releaseAll();
        }
        view.show(cluster.config().getFreeze().getUntilMillis(), awaited());
    }

    /** Hosts whose lease is not yet known to be as the freeze, or its end, wants it. */
    List<String> awaited() {
        boolean frozen = isFrozen();
        return cluster.hosts().stream()
                .filter(host -> frozen
                        ? !host.record().hasFencing()
                                && !(host.record().getUntilThaw() && leases.holdsUntilThaw(host.id()))
                        : host.record().getUntilThaw())
                .map(HostEntry::name)
                .sorted()
                .toList();
    }

    private void flagAll() {
        List<HostEntry> due = new ArrayList<>();
        for (HostEntry host : cluster.hosts()) {
            if (!host.record().hasFencing() && !told.contains(host.id())) {
                due.add(host);
            }
        }
        for (int from = 0; from < due.size(); from += HOSTS_PER_UNIT) {
            Unit unit = new Unit();
            due.subList(from, Math.min(due.size(), from + HOSTS_PER_UNIT)).forEach(host -> flag(host, unit));
            pipeline.accept(unit);
        }
    }

    private void flag(HostEntry host, Unit unit) {
        told.add(host.id());
        if (!host.record().getUntilThaw()) {
            cluster.putHost(host, host.record().toBuilder().setUntilThaw(true).build(), unit);
        }
        int presently = round;
        // Behind whatever has written the flag; and only while no thaw, which may clear it, was begun meanwhile.
        unit.then(() -> {
            if (presently == round) {
                leases.grantUntilThaw(host.id(), true);
            }
        });
    }

    private void releaseAll() {
        Unit unit = new Unit();
        int inUnit = 0;
        for (HostEntry host : cluster.hosts()) {
            if (!host.record().getUntilThaw()) {
                continue;
            }
            leases.grantUntilThaw(host.id(), false);
            if (leases.holdsBounded(host.id()) && inUnit < HOSTS_PER_UNIT) {
                inUnit++;
                cluster.putHost(host, host.record().toBuilder().clearUntilThaw().build(), unit);
            }
        }
        if (inUnit > 0) {
            pipeline.accept(unit);
        }
    }
}
