package io.kelpie.controller.lifecycle;

import io.kelpie.controller.model.RestartPolicy;
import java.util.ArrayList;
import java.util.List;

/**
 * Evaluates a {@link RestartPolicy}. Pure; safe for use by any thread.
 *
 * <p>A refused start has no final event of its own in the table: for {@link InstanceEnd#START_REJECTED} and
 * {@link RestartDecision.FinalFailed} the VM gets {@code START_REJECTED} and then {@code ATTEMPTS_EXHAUSTED}.
 */
public final class RestartDecider {
    /** Wait before the first restart, in milliseconds; doubles with every failure within the window. */
    public static final long FIRST_BACKOFF_MILLIS = 1_000;

    /** Longest wait, in milliseconds. */
    public static final long LONGEST_BACKOFF_MILLIS = 300_000;

    private RestartDecider() {}

    /**
     * What follows from the end of an instance. An end by the host's lease counts as no failure and is restarted at once
     * under every policy, {@code NEVER} too: who wants such a VM to stay where it was says {@code onHostFailure: leave}. One
     * that its host has lost counts as no failure either.
     *
     * @param earlierFailuresMillis instants of earlier failures, as the last decision answered them
     * @param nowMillis when the instance ended; the same clock as the earlier instants
     */
    public static RestartDecision decide(
            RestartPolicy policy, InstanceEnd end, List<Long> earlierFailuresMillis, long nowMillis) {
        List<Long> failures = withinWindow(policy, earlierFailuresMillis, nowMillis);
        return switch (end) {
            case LEASE_ENDED -> new RestartDecision.Restart(0, failures);
            case LOST ->
                switch (policy.when()) {
                    case ON_FAILURE, ALWAYS -> new RestartDecision.Restart(FIRST_BACKOFF_MILLIS, failures);
                    case NEVER -> new RestartDecision.FinalFailed(failures);
                };
            case COMMANDED -> new RestartDecision.FinalClean(failures);
            case CLEAN ->
                switch (policy.when()) {
                    case ALWAYS -> new RestartDecision.Restart(FIRST_BACKOFF_MILLIS, failures);
                    case ON_FAILURE, NEVER -> new RestartDecision.FinalClean(failures);
                };
            case FAILED, START_REJECTED -> {
                failures.add(nowMillis);
                yield attemptsExhausted(policy, failures, nowMillis)
                        ? new RestartDecision.FinalFailed(failures)
                        : new RestartDecision.Restart(backoffMillis(failures.size()), failures);
            }
        };
    }

    /** Whether the failures within the window leave no attempt. */
    public static boolean attemptsExhausted(RestartPolicy policy, List<Long> failuresMillis, long nowMillis) {
        int restarts = switch (policy.when()) {
            case NEVER -> 0;
            case ON_FAILURE, ALWAYS -> policy.attempts();
        };
        return withinWindow(policy, failuresMillis, nowMillis).size() > restarts;
    }

    private static long backoffMillis(int failures) {
        int doublings = Math.min(failures - 1, 20); // far above the longest wait, far below an overflow
        return Math.min(FIRST_BACKOFF_MILLIS << doublings, LONGEST_BACKOFF_MILLIS);
    }

    /** A clock that was set back leaves instants in the future; they count as now, so that they can grow old. */
    private static List<Long> withinWindow(RestartPolicy policy, List<Long> instantsMillis, long nowMillis) {
        List<Long> within = new ArrayList<>();
        for (long instant : instantsMillis) {
            long seen = Math.min(instant, nowMillis);
            if (nowMillis - seen < Math.max(1, policy.windowMillis())) {
                within.add(seen);
            }
        }
        return within;
    }
}
