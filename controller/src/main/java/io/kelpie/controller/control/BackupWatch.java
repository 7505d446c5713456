package io.kelpie.controller.control;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.view.FailoverView;
import io.kelpie.controller.view.Warnings;
import java.util.Locale;

/** Tells operators of VMs that could not be started elsewhere if their host were lost. Belongs to the control thread. */
final class BackupWatch {
    static final String SUBJECT = "n-plus-1";

    private final LiveInventory live;
    private final ControlMetrics metrics;
    private final FailoverView view;
    private final Warnings warnings;

    BackupWatch(LiveInventory live, ControlMetrics metrics, FailoverView view, Warnings warnings) {
        this.live = live;
        this.metrics = metrics;
        this.view = view;
        this.warnings = warnings;
    }

    /** Counts anew. Brings the inventory up to date if room is kept at all. */
    void check() {
        NPlusOne policy = live.inventory().policy().nPlusOne();
        if (policy == NPlusOne.OFF) {
            return;
        }
        int unprotected = live.unprotected();
        metrics.unprotected(unprotected);
        view.show(unprotected);
        if (unprotected == 0) {
            warnings.clear(SUBJECT);
        } else {
            warnings.raise(SUBJECT, sentence(unprotected, policy));
        }
    }

    private static String sentence(int unprotected, NPlusOne policy) {
        return unprotected
                + (unprotected == 1
                        ? " VM could not be restarted if its host were lost"
                        : " VMs could not be restarted if their host were lost")
                + "; N+1 is " + policy.name().toLowerCase(Locale.ROOT)
                + ". Fix: add a host, or end VMs; to see what is missing: kelpie capacity --flavor 1x1Gi --lose 1";
    }
}
