package io.kelpie.controller.control;

import io.kelpie.controller.view.Warnings;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.Fencing;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Whether the records may be older than what hosts run, and which hosts have not been heard since: as long as there is
 * one, nothing is placed, killed or called lost. A host that is not in the records at all cannot be waited for by name,
 * so a minimum of time is waited too, in which it either connects or its last lease ends. Belongs to the control thread.
 */
final class RecoveryWatch {
    private static final String SUBJECT = "Recovering";
    private static final int HOSTS_NAMED = 10;

    private final long epoch;
    private final long notBeforeNanos;
    private final ClusterEditor cluster;
    private final Warnings warnings;
    private final Consumer<Unit> pipeline;
    private boolean on;

    /** @param minimumNanos how long hosts that no record names have time to connect */
    RecoveryWatch(
            ClusterRecord record,
            ClusterEditor cluster,
            Warnings warnings,
            long minimumNanos,
            Consumer<Unit> pipeline) {
        this.epoch = record.getRecoveryEpoch();
        this.cluster = cluster;
        this.warnings = warnings;
        this.pipeline = pipeline;
        this.notBeforeNanos = cluster.nowNanos() + minimumNanos;
        this.on = epoch > cluster.config().getRecoveredEpoch();
        if (on) {
            cluster.events().add("cluster", SUBJECT, reason());
        }
    }

    boolean isOn() {
        return on;
    }

    /** A host's full list was compared with the records; or it has joined since. */
    void heard(HostEntry host, Unit unit) {
        if (host.record().getRecoveredEpoch() < epoch) {
            cluster.putHost(
                    host, host.record().toBuilder().setRecoveredEpoch(epoch).build(), unit);
        }
    }

    /**
     * Whether a host has been heard since the records were put back; of one that has not, it is no surprise if it says
     * that it belongs to another cluster now.
     */
    boolean wasHeard(HostEntry host) {
        return host.record().getRecoveredEpoch() >= epoch;
    }

    /** Names of the hosts that have to be heard. */
    List<String> awaited() {
        List<String> awaited = new ArrayList<>();
        for (HostEntry host : cluster.hosts()) {
            if (!wasHeard(host)) {
                awaited.add(host.name());
            }
        }
        return awaited;
    }

    /**
     * To be called now and then.
     *
     * @return true if it is over with this call: everything has to be compared anew
     */
    boolean isOverNow() {
        if (!on) {
            return false;
        }
        takeWordsForDeath();
        if (!awaited().isEmpty() || cluster.nowNanos() - notBeforeNanos < 0) {
            warnings.raise(SUBJECT, reason());
            return false;
        }
        on = false;
        warnings.clear(SUBJECT);
        Unit unit = new Unit();
        cluster.putConfig(cluster.config().toBuilder().setRecoveredEpoch(epoch).build(), unit);
        unit.then(() -> cluster.events()
                .add("cluster", "Recovered", "all hosts of the records were heard: VMs are placed again"));
        pipeline.accept(unit);
        return true;
    }

    /** A host that was confirmed to be dead is not waited for; what was said before the restore is not in the records. */
    private void takeWordsForDeath() {
        for (HostEntry host : List.copyOf(cluster.hosts())) {
            boolean dead = switch (host.record().getFencing().getCause()) {
                case CAUSE_POWERED_OFF, CAUSE_CONFIRMED_DEAD -> true;
                case CAUSE_LEASE_ENDED, CAUSE_UNSPECIFIED, UNRECOGNIZED -> false;
            };
            if (dead && isLaterThanRecovery(host.record().getFencing())) {
                Unit unit = new Unit();
                heard(host, unit);
                pipeline.accept(unit);
            }
        }
    }

    private boolean isLaterThanRecovery(Fencing fencing) {
        return fencing.getEpoch() > epoch;
    }

    /** Why nothing is placed, and what to do. */
    String reason() {
        List<String> awaited = awaited();
        String why = "the records may be older than what hosts run (a backup was restored, or the store accepted), so"
                + " nothing is placed or killed before each host was heard; ";
        if (awaited.isEmpty()) {
            return why + "all are; hosts that no record names have a moment more to connect";
        }
        String names = String.join(", ", awaited.subList(0, Math.min(HOSTS_NAMED, awaited.size())));
        return why + awaited.size() + " are not yet: " + names + (awaited.size() > HOSTS_NAMED ? ", …" : "")
                + ". Fix: start their agents; or, if one is dead: kelpie host confirm-dead HOST";
    }
}
