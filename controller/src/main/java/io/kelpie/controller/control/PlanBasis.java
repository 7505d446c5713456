package io.kelpie.controller.control;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.proto.v1.PlanJobRequest;
import java.util.Set;

/**
 * What placement knows at one instant, for plans that are made off the control thread. Immutable.
 *
 * @param snapshot hosts and instances, with what is decided and not yet durable
 * @param policy how placement weighs
 * @param seed decides between hosts that are as good
 * @param sharedPools names of pools that more hosts than one see
 */
public record PlanBasis(ClusterSnapshot snapshot, SchedulingPolicy policy, long seed, Set<String> sharedPools) {
    public PlanBasis {
        sharedPools = Set.copyOf(sharedPools);
    }

    /** Takes it. */
    public static Preparation<PlanBasis> now() {
        return context -> context.placement().basis();
    }

    /** Takes it for a job that could be applied; refused as {@link JobOperations#apply} would refuse it. */
    public static Preparation<PlanBasis> forJob(PlanJobRequest request) {
        return context -> {
            if (context.cluster().job(Records.jobKey(request.getSpec())).isPresent()) {
                context.job(Records.jobKey(request.getSpec())); // refused if it is being deleted
            }
            HostFailureRule.check(request.getSpec(), context.cluster().hosts());
            return context.placement().basis();
        };
    }
}
