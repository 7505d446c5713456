package io.kelpie.controller.planning;

import io.kelpie.controller.control.DecisionMessages;
import io.kelpie.controller.control.PlacementRequests;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.explain.Explainer;
import io.kelpie.controller.scheduling.explain.Explanation;
import io.kelpie.controller.scheduling.whatif.Trial;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.VmRecord;

/** How a VM would be decided on now, as if it were not there. Safe for use by any thread. */
public final class LiveDecision {
    private LiveDecision() {}

    /** Decides anew by the job's present spec. */
    public static Decision of(PlanBasis basis, JobRecord job, VmRecord vm, long nowMillis) {
        Trial trial = Trial.of(basis.snapshot(), basis.policy(), basis.seed());
        PlacementRequest request = PlacementRequests.of(job, vm, basis.sharedPools()::contains, nowMillis);
        trial.of(request.vmId()).stream().filter(trial::isThere).forEach(trial::release);
        Explanation explanation = new Explainer(trial.inventory()).explain(request);
        Decision.Builder decision = DecisionMessages.of(
                Scheduler.decide(trial.inventory(), trial.search(), request),
                new HostNames(basis.snapshot())::of,
                nowMillis,
                vm.getIncarnation());
        DecisionMessages.explain(explanation, decision);
        return decision.build();
    }
}
