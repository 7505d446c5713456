package io.kelpie.controller.reconcile;

import io.kelpie.controller.model.ObservedInstance;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.reconcile.HostCorrection.Adopt;
import io.kelpie.controller.reconcile.HostCorrection.Forget;
import io.kelpie.controller.reconcile.HostCorrection.KeepOrphan;
import io.kelpie.controller.reconcile.HostCorrection.KillStale;
import io.kelpie.controller.reconcile.HostCorrection.Report;
import io.kelpie.controller.reconcile.HostCorrection.ReportLost;
import io.kelpie.controller.reconcile.HostCorrection.ResendStart;
import io.kelpie.controller.reconcile.HostCorrection.ResendStop;
import io.kelpie.controller.reconcile.HostCorrection.Spare;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * What may follow from a host's list while the records may be older than what hosts run: after a restore, or an
 * operator's acceptance of a store. Then hosts know better. Pure.
 */
public final class Recovery {
    private Recovery() {}

    /**
     * Of the corrections that {@link Reconciler#host} found, what may be done before every recorded host was heard.
     *
     * <p>Nothing is killed, started, stopped, forgotten or called lost. An instance of a known VM that its record has not
     * reached is the VM's present one: of several, the one with the highest incarnation, whether it still runs or not, as
     * a later one was only started when the earlier was known to be gone. Another live instance of a known VM is spared
     * for good: only an operator's command ends it.
     */
    public static List<HostCorrection> temper(List<HostCorrection> corrections, Function<UUID, Optional<Vm>> known) {
        Map<UUID, ObservedInstance> highest = new HashMap<>();
        for (HostCorrection correction : corrections) {
            if (correction instanceof KeepOrphan orphan
                    && known.apply(orphan.vmId()).isPresent()) {
                highest.merge(orphan.vmId(), orphan.instance(), (a, b) -> a.incarnation() >= b.incarnation() ? a : b);
            }
        }
        List<HostCorrection> tempered = new ArrayList<>();
        for (HostCorrection correction : corrections) {
            if (correction instanceof KeepOrphan orphan) {
                ObservedInstance adopted = highest.get(orphan.vmId());
                if (adopted == null) {
                    tempered.add(orphan);
                } else if (adopted.equals(orphan.instance())) {
                    tempered.add(new Adopt(adopted));
                } else if (!orphan.instance().phase().hasEnded()) {
                    tempered.add(new Spare(orphan.vmId(), orphan.instance().incarnation()));
                }
            } else if (correction instanceof KillStale stale) {
                tempered.add(new Spare(stale.vmId(), stale.incarnation()));
            } else if (correction instanceof Report report) {
                // Beside a later instance on the same host it is not the present one any more.
                ObservedInstance adopted = highest.get(report.vmId());
                if (adopted == null) {
                    tempered.add(report);
                } else if (!report.instance().phase().hasEnded()) {
                    tempered.add(new Spare(report.vmId(), report.instance().incarnation()));
                }
            } else if (correction instanceof Adopt || correction instanceof Spare) {
                tempered.add(correction);
            } else if (correction instanceof Forget
                    || correction instanceof ReportLost
                    || correction instanceof ResendStart
                    || correction instanceof ResendStop) {
                continue; // found again when all hosts were heard
            } else {
                throw new IllegalStateException("unknown correction " + correction);
            }
        }
        return tempered;
    }

    /**
     * Of the corrections, those that may be done at any time: an instance that was spared when the records were older
     * than the hosts is never killed as stale.
     *
     * @param spared whether an instance of a VM on this host was spared
     */
    public static List<HostCorrection> keepSpared(
            List<HostCorrection> corrections, List<ObservedInstance> reported, BiPredicate<UUID, Long> spared) {
        List<HostCorrection> kept = new ArrayList<>();
        for (HostCorrection correction : corrections) {
            if (correction instanceof KillStale stale && spared.test(stale.vmId(), stale.incarnation())) {
                reported.stream()
                        .filter(instance ->
                                instance.vmId().equals(stale.vmId()) && instance.incarnation() == stale.incarnation())
                        .forEach(instance -> kept.add(new KeepOrphan(
                                instance, "it was found alive beside another instance of its VM after a restore")));
            } else {
                kept.add(correction);
            }
        }
        return kept;
    }
}
