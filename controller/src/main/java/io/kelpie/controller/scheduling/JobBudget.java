package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.JobKey;

/**
 * How many VMs of a job may be kept from running at once, by anyone but its operator.
 *
 * @param job the job
 * @param replicas VMs that it has in all
 * @param maxUnavailable so many of them may be away at once, at least 1; {@code replicas} or more is no limit
 * @param away those that are away already, whatever keeps them: pending, starting, stopping or on a host that is not
 *     heard
 */
public record JobBudget(JobKey job, int replicas, int maxUnavailable, int away) {
    /** So many may be ended now; {@link Integer#MAX_VALUE} if there is no limit. */
    public int endable() {
        return maxUnavailable >= replicas ? Integer.MAX_VALUE : Math.max(0, maxUnavailable - away);
    }
}
