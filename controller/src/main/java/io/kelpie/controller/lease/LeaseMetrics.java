package io.kelpie.controller.lease;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Timer;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.controller.store.CommitOutcome;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Grants and proofs, as {@code /metrics} shows them. */
public final class LeaseMetrics implements Leases.Meter {
    private final Metrics metrics;
    private final Counter grants;

    public LeaseMetrics(Metrics metrics) {
        this.metrics = metrics;
        this.grants = metrics.counter("kelpie_lease_grants_total", "Leases granted to hosts.");
    }

    @Override
    public void granted() {
        grants.inc();
    }

    @Override
    public void proved(CommitOutcome outcome, long nanos) {
        Timer timer = metrics.timer(
                "kelpie_lease_proof_seconds",
                "Time from beginning a proof of leadership to the store's answer.",
                "outcome",
                outcome.name().toLowerCase(Locale.ROOT));
        timer.update(nanos, TimeUnit.NANOSECONDS);
    }
}
