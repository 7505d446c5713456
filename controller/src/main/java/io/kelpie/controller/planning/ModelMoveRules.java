package io.kelpie.controller.planning;

import io.kelpie.controller.control.Movability;
import io.kelpie.controller.control.PlacementRequests;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.whatif.MoveRules;
import io.kelpie.controller.view.JobView;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.VmRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Which VMs may be moved, as the read model says. What was read once stays so for the life of this object. Belongs to
 * one thread.
 */
final class ModelMoveRules implements MoveRules {
    private final ReadModel model;
    private final Set<String> sharedPools;
    private final long nowMillis;
    private final Map<UUID, Optional<Known>> vms = new HashMap<>();
    private final Map<JobKey, Budget> budgets = new HashMap<>();

    /** A VM with its job. */
    private record Known(JobView job, VmRecord vm) {}

    /** @param sharedPools names of pools that more hosts than one see */
    ModelMoveRules(ReadModel model, Set<String> sharedPools, long nowMillis) {
        this.model = model;
        this.sharedPools = sharedPools;
        this.nowMillis = nowMillis;
    }

    private Optional<Known> known(InstanceView vm) {
        return vms.computeIfAbsent(vm.vmId(), id -> {
            Optional<JobView> job = model.job(vm.job());
            Optional<VmView> found = model.vm(new VmName(vm.job(), vm.ordinal()));
            return job.isPresent() && found.isPresent()
                    ? Optional.of(new Known(job.get(), found.get().record()))
                    : Optional.empty();
        });
    }

    @Override
    public Optional<String> forbidden(InstanceView vm) {
        Optional<Known> known = known(vm);
        if (known.isEmpty()
                || !known.get().vm().getVmId().equals(vm.vmId().toString())
                || !known.get().vm().getHostId().equals(vm.hostId())) {
            return Optional.of("is changing at this moment");
        }
        boolean heard = model.host(vm.hostId())
                .filter(host -> host.health() == HostHealth.HOST_HEALTH_READY)
                .isPresent();
        return heard
                ? Movability.forbidden(known.get().job().record(), known.get().vm())
                : Optional.of("cannot be stopped there, as the host is not heard");
    }

    @Override
    public PlacementRequest request(InstanceView vm) {
        return known(vm)
                .map(known -> PlacementRequests.of(known.job().record(), known.vm(), sharedPools::contains, nowMillis))
                .orElseGet(() -> vm.again());
    }

    @Override
    public Budget budget(JobKey key) {
        return budgets.computeIfAbsent(key, any -> {
            List<VmRecord> records =
                    model.vmsOf(key).stream().map(VmView::record).toList();
            return model.job(key)
                    .map(job -> Movability.budget(job.record(), records))
                    .orElse(new Budget(0, 0));
        });
    }
}
