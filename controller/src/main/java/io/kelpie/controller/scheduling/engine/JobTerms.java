package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import java.util.List;

/**
 * A job's rules about other VMs, with the counts that they look at.
 *
 * @param members of the job itself
 * @param spread in the order of the spec
 * @param affinity required and preferred
 * @param antiAffinity required and preferred
 * @param partitions at most one
 */
public record JobTerms(
        PlacementRules rules,
        JobMembers members,
        List<Spread> spread,
        List<Affinity> affinity,
        List<Affinity> antiAffinity,
        List<Partitions> partitions) {
    /** Whether all VMs of the job have to be on one host. */
    public boolean isGroup() {
        for (int i = 0; i < affinity.size(); i++) {
            Affinity near = affinity.get(i);
            if (near.required() && near.self() && near.census().domains() == null) {
                return true;
            }
        }
        return false;
    }

    /** Whether all VMs of the job have to be in one domain of some kind. */
    public boolean holdsTogether() {
        for (int i = 0; i < affinity.size(); i++) {
            if (affinity.get(i).required() && affinity.get(i).self()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a VM of the job may go here or there according to where others are. */
    public boolean lookAtOthers() {
        return !spread.isEmpty()
                || !affinity.isEmpty()
                || !antiAffinity.isEmpty()
                || !partitions.isEmpty()
                || !members.repelledBy().isEmpty();
    }

    /** The job's VMs by domain. */
    public record Spread(SpreadRule rule, Census census) {}

    /** Another job's VMs by domain, or its own. */
    public record Affinity(JobKey job, boolean required, boolean self, JobMembers of, Census census) {
        /** Whether that job has no VM anywhere. */
        public boolean isFirst() {
            return of.total() == 0;
        }
    }

    /** The job's VMs by domain, with their partitions. */
    public record Partitions(int count, Census census) {}
}
