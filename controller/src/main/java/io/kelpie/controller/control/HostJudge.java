package io.kelpie.controller.control;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.lifecycle.FencedBy;
import io.kelpie.controller.lifecycle.HostFacts;
import io.kelpie.controller.lifecycle.HostHealth;
import io.kelpie.controller.lifecycle.SilenceJudge;
import io.kelpie.controller.view.Warnings;
import io.kelpie.proto.v1.Fencing;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Judges each host, fences those whose last lease has ended, and sees to it that many silent hosts at once are first
 * taken for this leader's own fault. Belongs to the control thread.
 */
final class HostJudge {
    /** Heartbeats that a READY host may miss. */
    private static final int PATIENCE_HEARTBEATS = 3;

    /** Ticks can come much faster than leases end. */
    private static final long LOOK_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long SLOW_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long RESIGN_INTERVAL_MILLIS = TimeUnit.MINUTES.toMillis(1);
    private static final String LIVENESS_LOW = "ClusterLivenessLow";

    private final LeaderTerm term;
    private final ClusterEditor cluster;
    private final Promises promises;
    private final HostFencing fencing;
    private final Warnings warnings;
    private final long coldUntilNanos;
    private final Consumer<Unit> pipeline;
    private final Deque<Long> lossesNanos = new ArrayDeque<>();
    private OptionalLong lastFenceNanos = OptionalLong.empty();
    private OptionalLong heldUntilNanos = OptionalLong.empty();
    private long lookedNanos;
    private boolean resigning;
    private boolean toResign;

    /** @param coldUntilNanos until when hosts may still be starting, after a start of everything */
    HostJudge(
            LeaderTerm term,
            ClusterEditor cluster,
            Promises promises,
            HostFencing fencing,
            Warnings warnings,
            long coldUntilNanos,
            Consumer<Unit> pipeline) {
        this.term = term;
        this.cluster = cluster;
        this.promises = promises;
        this.fencing = fencing;
        this.warnings = warnings;
        this.coldUntilNanos = coldUntilNanos;
        this.pipeline = pipeline;
        this.lookedNanos = cluster.nowNanos() - LOOK_INTERVAL_NANOS;
    }

    /** True once the loss of many hosts is recorded and the term is to be given up for it. */
    boolean isToResign() {
        return toResign;
    }

    /** Looks at all hosts; to be called a few times per heartbeat interval. */
    void judgeAll() {
        cluster.hosts().forEach(this::judge);
        weighSilence();
    }

    /**
     * Fences hosts whose last lease has ended; to be called with every tick.
     *
     * @return true if there were any
     */
    boolean fenceDue() {
        long now = cluster.nowNanos();
        boolean any = false;
        if (resigning || now - lookedNanos < LOOK_INTERVAL_NANOS) {
            return any;
        }
        lookedNanos = now;
        for (HostEntry host : List.copyOf(cluster.hosts())) {
            boolean due = !host.ready && !host.record().hasFencing() && fencing.hasLeaseEnded(host);
            if (!due || isGettingALease(host)) {
                continue;
            }
            if (heldUntilNanos.isPresent()) {
                if (cluster.nowNanos() - heldUntilNanos.getAsLong() < 0) {
                    raiseLivenessLow();
                    return any;
                }
                any |= fence(host);
                weighSilence();
            } else {
                any |= fence(host);
            }
        }
        return any;
    }

    /** A host that has just come back is about to get its first lease; that may not take forever. */
    private boolean isGettingALease(HostEntry host) {
        long now = cluster.nowNanos();
        AgentSession session = host.session;
        return session != null
                && host.fault.isEmpty()
                && now - session.lastHeardNanos() <= patienceNanos()
                && now - host.admittedNanos
                        < promises.leases().times().fenceWait().toNanos();
    }

    private boolean fence(HostEntry host) {
        judge(host); // by what is known now, not half a second ago
        if (host.ready || fencing.fence(host, Fencing.Cause.CAUSE_LEASE_ENDED).isEmpty()) {
            return false;
        }
        lastFenceNanos = OptionalLong.of(cluster.nowNanos());
        judge(host);
        return true;
    }

    /** Judges one host by what is known of it now. */
    void judge(HostEntry host) {
        AgentSession session = host.session;
        if (session != null) {
            host.lastHeardNanos = OptionalLong.of(session.lastHeardNanos());
        }
        long now = cluster.nowNanos();
        host.leased = isLeased(host, now);
        HostHealth before = host.health;
        HostHealth latest = HostHealth.judge(Optional.ofNullable(before), facts(host), now, patienceNanos());
        host.health = latest;
        host.nextStepAtMillis = latest.nextStepAtNanos().isEmpty()
                ? 0
                : cluster.nowMillis()
                        + TimeUnit.NANOSECONDS.toMillis(latest.nextStepAtNanos().getAsLong() - now);
        if (before == null || before.status() != latest.status()) {
            changed(host, before, latest, now);
        }
        cluster.publish(host);
    }

    private void changed(HostEntry host, @Nullable HostHealth before, HostHealth latest, long now) {
        host.ready = latest.status() == HostHealth.Status.READY;
        host.healthSinceMillis = latest.status() == HostHealth.Status.FENCED
                ? host.record().getFencing().getAtMillis()
                : cluster.nowMillis();
        if (before == null && !host.ready) {
            return; // nothing has happened: this is how each host begins
        }
        switch (latest.status()) {
            case READY -> cluster.events().add(host.subject(), "HostReady", latest.reason());
            case SUSPECT -> cluster.events().add(host.subject(), "HostSuspect", latest.reason());
            case FENCED -> {} // told when it is durable
        }
        boolean lost = before != null
                && before.status() == HostHealth.Status.READY
                && host.fault().isEmpty();
        if (lost) {
            lossesNanos.addLast(now);
        }
    }

    private HostFacts facts(HostEntry host) {
        return new HostFacts(
                host.name(),
                host.session == null ? HostFacts.Stream.CLOSED : HostFacts.Stream.OPEN,
                host.lastHeardNanos,
                host.leased ? HostFacts.Lease.GRANTED : HostFacts.Lease.NONE,
                fencedBy(host),
                host.fault(),
                host.record().getUntilThaw() ? HostFacts.LeaseEnd.UNTIL_THAW : HostFacts.LeaseEnd.BOUNDED,
                promises.fenceableAtNanos(host.id()),
                heldUntilNanos);
    }

    /** Whether a lease that this leader has granted can still last. */
    private boolean isLeased(HostEntry host, long now) {
        Leases leases = promises.leases();
        OptionalLong promised = leases.lastPromiseNanos(host.id());
        return leases.grantedLineage(host.id()).isPresent()
                && promised.isPresent()
                && now - promised.getAsLong() < leases.times().lease().toNanos();
    }

    private static Optional<FencedBy> fencedBy(HostEntry host) {
        return switch (host.record().getFencing().getCause()) {
            case CAUSE_LEASE_ENDED -> Optional.of(FencedBy.LEASE_ENDED);
            case CAUSE_POWERED_OFF -> Optional.of(FencedBy.POWERED_OFF);
            case CAUSE_CONFIRMED_DEAD -> Optional.of(FencedBy.CONFIRMED_DEAD);
            case CAUSE_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    }

    private long patienceNanos() {
        return PATIENCE_HEARTBEATS * promises.leases().times().heartbeat().toNanos();
    }

    // ---- many silent hosts ----

    private void weighSilence() {
        long now = cluster.nowNanos();
        long window = 2 * promises.leases().times().heartbeat().toNanos();
        while (!lossesNanos.isEmpty() && now - lossesNanos.getFirst() > window) {
            lossesNanos.removeFirst();
        }
        int hosts = 0;
        int silent = 0;
        for (HostEntry host : cluster.hosts()) {
            if (!host.record().hasFencing()) {
                hosts++;
                silent += host.ready || !host.fault().isEmpty() ? 0 : 1;
            }
        }
        SilenceJudge.Verdict verdict = SilenceJudge.judge(lossesNanos.size(), silent, hosts, resignation(now));
        switch (verdict) {
            case CALM -> {
                heldUntilNanos = OptionalLong.empty();
                if (warnings.clear(LIVENESS_LOW)) {
                    cluster.events().add("cluster", "ClusterLivenessGood", "not many hosts are silent any more");
                }
            }
            case SLOW ->
                heldUntilNanos = OptionalLong.of(
                        SilenceJudge.heldUntilNanos(lastFenceNanos, coldUntilNanos, SLOW_INTERVAL_NANOS));
            case RESIGN -> resign(lossesNanos.size(), hosts);
        }
    }

    private void raiseLivenessLow() {
        String sentence = "more than " + SilenceJudge.PERCENT
                + " % of the hosts are silent at once: they are fenced one by one, every "
                + TimeUnit.NANOSECONDS.toSeconds(SLOW_INTERVAL_NANOS) + " s";
        if (warnings.raise(LIVENESS_LOW, sentence)) {
            cluster.events().add("cluster", LIVENESS_LOW, sentence);
        }
    }

    private SilenceJudge.Resignation resignation(long now) {
        boolean others = cluster.controllersThatMayLead() > 1;
        long agoMillis = cluster.nowMillis() - cluster.config().getSilenceResignedAtMillis();
        boolean lately = Math.abs(agoMillis) < RESIGN_INTERVAL_MILLIS;
        // Wall clocks of controllers differ; the term after a resignation goes on for a while whatever they say.
        boolean followsOne = cluster.config().getSilenceResignedEpoch() == term.epoch() - 1
                && term.epoch() > 1
                && now - promises.termBeganNanos() < TimeUnit.MILLISECONDS.toNanos(RESIGN_INTERVAL_MILLIS);
        return others && !lately && !followsOne && !resigning
                ? SilenceJudge.Resignation.ALLOWED
                : SilenceJudge.Resignation.NOT_NOW;
    }

    /** Recorded first, so that no other leader does the same at once. */
    private void resign(int lost, int hosts) {
        resigning = true;
        String sentence = lost + " of " + hosts + " hosts were lost at once: another controller may hear them";
        Unit unit = new Unit();
        cluster.putConfig(
                cluster.config().toBuilder()
                        .setSilenceResignedAtMillis(cluster.nowMillis())
                        .setSilenceResignedEpoch(term.epoch())
                        .build(),
                unit);
        unit.then(() -> {
            cluster.events().add("cluster", "ManyHostsLost", sentence);
            toResign = true;
        });
        pipeline.accept(unit);
    }
}
