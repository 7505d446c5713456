package io.kelpie.controller.lifecycle;

import java.util.List;

/** What follows from the end of an instance. */
public sealed interface RestartDecision {
    /** Instants of the failures that still count, this one included, oldest first; to be stored with the VM. */
    List<Long> failedAtMillis();

    /**
     * Another instance is started.
     *
     * @param backoffMillis not before this time has passed, in milliseconds
     */
    record Restart(long backoffMillis, List<Long> failedAtMillis) implements RestartDecision {
        public Restart {
            failedAtMillis = List.copyOf(failedAtMillis);
        }
    }

    /** No other instance; the VM did what it should, or was told to end. */
    record FinalClean(List<Long> failedAtMillis) implements RestartDecision {
        public FinalClean {
            failedAtMillis = List.copyOf(failedAtMillis);
        }
    }

    /** No other instance; the attempts are used up, or the policy allows none. */
    record FinalFailed(List<Long> failedAtMillis) implements RestartDecision {
        public FinalFailed {
            failedAtMillis = List.copyOf(failedAtMillis);
        }
    }
}
