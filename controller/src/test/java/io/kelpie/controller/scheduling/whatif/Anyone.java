package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.TestVm;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Lets every VM move, and of each job any number at once, unless said. */
public final class Anyone implements MoveRules {
    private final Map<UUID, String> forbidden = new HashMap<>();
    private final Map<JobKey, Budget> budgets = new HashMap<>();

    public Anyone but(String vm, String reason) {
        forbidden.put(Cluster.id(vm), reason);
        return this;
    }

    public Anyone of(String job, int maxUnavailable, int unavailable) {
        return of(TestVm.job(job), maxUnavailable, unavailable);
    }

    public Anyone of(JobKey job, int maxUnavailable, int unavailable) {
        budgets.put(job, new Budget(maxUnavailable, unavailable));
        return this;
    }

    @Override
    public Optional<String> forbidden(InstanceView vm) {
        return Optional.ofNullable(forbidden.get(vm.vmId()));
    }

    @Override
    public PlacementRequest request(InstanceView vm) {
        return vm.again();
    }

    @Override
    public Budget budget(JobKey job) {
        return budgets.getOrDefault(job, new Budget(1_000, 0));
    }
}
