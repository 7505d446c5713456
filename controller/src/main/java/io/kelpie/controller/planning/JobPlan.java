package io.kelpie.controller.planning;

import io.kelpie.common.id.VmIds;
import io.kelpie.controller.control.DecisionMessages;
import io.kelpie.controller.control.PlacementRequests;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.whatif.PlanPreview;
import io.kelpie.controller.view.JobView;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.Specs;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PlannedVm;
import io.kelpie.proto.v1.VersionedSpec;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** What applying a spec would do. Pure but for reading the model; safe for use by any thread. */
public final class JobPlan {
    /** Of the VMs with a place, and of those without one, so many are told with all their rules. */
    static final int EXPLAINED_MAX = 50;

    /** The UUID of a job that does not exist yet: nothing depends on it. */
    private static final UUID NO_JOB = new UUID(0, 0);

    private final PlanBasis basis;
    private final ReadModel model;
    private final JobRecord job;
    private final long nowMillis;
    private final Map<Integer, VmRecord> present = new HashMap<>();

    private JobPlan(PlanBasis basis, ReadModel model, JobRecord job, long nowMillis) {
        this.basis = basis;
        this.model = model;
        this.job = job;
        this.nowMillis = nowMillis;
    }

    /**
     * Plans a job.
     *
     * @param spec a valid one
     */
    public static PlanJobResponse of(PlanBasis basis, ReadModel model, JobSpec spec, long nowMillis) {
        JobKey key = new JobKey(spec.getNamespace(), spec.getName());
        Optional<JobRecord> former = model.job(key).map(JobView::record);
        JobPlan plan = new JobPlan(basis, model, record(former, spec), nowMillis);
        model.vmsOf(key).stream().map(VmView::record).forEach(vm -> plan.present.put(vm.getOrdinal(), vm));
        return plan.answer()
                .setOutcome(
                        former.isEmpty()
                                ? ApplyJobResponse.Outcome.OUTCOME_CREATED
                                : former.get().getSpec().equals(spec)
                                        ? ApplyJobResponse.Outcome.OUTCOME_UNCHANGED
                                        : ApplyJobResponse.Outcome.OUTCOME_UPDATED)
                .build();
    }

    /** The job's record as it would be. */
    private static JobRecord record(Optional<JobRecord> former, JobSpec spec) {
        if (former.isEmpty()) {
            return JobRecord.newBuilder()
                    .setJobUid(NO_JOB.toString())
                    .setSpec(spec)
                    .setVersion(1)
                    .build();
        }
        JobRecord.Builder next =
                former.get().toBuilder().setSpec(spec).setVersion(former.get().getVersion() + 1);
        if (!former.get().getSpec().getVm().equals(spec.getVm())) {
            next.addEarlierSpecs(VersionedSpec.newBuilder()
                    .setVersion(former.get().getVersion())
                    .setSpec(former.get().getSpec()));
        }
        return next.build();
    }

    private PlanJobResponse.Builder answer() {
        int wanted = job.getSpec().getReplicas();
        List<PlacementRequest> requests = new ArrayList<>();
        int outdated = 0;
        for (int ordinal = 0; ordinal < wanted; ordinal++) {
            VmRecord vm = present.get(ordinal);
            if (vm == null) {
                requests.add(request(newVm(ordinal)));
            } else if (vm.getState() == VmState.VM_STATE_PENDING) {
                requests.add(request(vm));
            } else {
                outdated += Specs.isOutdated(job, vm) ? 1 : 0;
            }
        }
        int removed = (int) present.values().stream()
                .filter(vm -> vm.getOrdinal() >= wanted)
                .filter(vm -> vm.getState() != VmState.VM_STATE_DELETING && vm.getState() != VmState.VM_STATE_DELETED)
                .count();
        return PlanJobResponse.newBuilder()
                .addAllPlaced(placed(requests))
                .setUnchanged(wanted - requests.size())
                .setOutdated(outdated)
                .setRemoved(removed);
    }

    private PlacementRequest request(VmRecord vm) {
        return PlacementRequests.of(job, vm, basis.sharedPools()::contains, nowMillis);
    }

    private VmRecord newVm(int ordinal) {
        return VmRecord.newBuilder()
                .setVmId(VmIds.vmId(UUID.fromString(job.getJobUid()), ordinal).toString())
                .setJobUid(job.getJobUid())
                .setNamespace(job.getSpec().getNamespace())
                .setJob(job.getSpec().getName())
                .setOrdinal(ordinal)
                .setState(VmState.VM_STATE_PENDING)
                .build();
    }

    private List<PlannedVm> placed(List<PlacementRequest> requests) {
        PlanPreview preview =
                PlanPreview.of(basis.snapshot(), requests, basis.policy(), basis.seed(), new Preemptions(model));
        HostNames names = new HostNames(basis.snapshot());
        VmNames victims = VmNames.of(
                basis.snapshot(),
                preview.rows().stream().flatMap(row -> row.preempted().stream()).collect(Collectors.toSet()));
        List<PlannedVm> planned = new ArrayList<>(requests.size());
        int explainedPlaced = 0;
        int explainedRejected = 0;
        for (int i = 0; i < requests.size(); i++) {
            PlanPreview.Row row = preview.rows().get(i);
            Decision.Builder decision = DecisionMessages.of(row.decision(), names::of, nowMillis, 0);
            boolean has = row.decision().host().isPresent();
            if ((has ? explainedPlaced++ : explainedRejected++) >= EXPLAINED_MAX) {
                decision.clearRules();
            }
            VmName name = new VmName(requests.get(i).job(), requests.get(i).ordinal());
            planned.add(PlannedVm.newBuilder()
                    .setName(name.name())
                    .setDecision(decision)
                    .addAllPreempted(row.preempted().stream()
                            .flatMap(id -> victims.of(id).stream())
                            .toList())
                    .build());
        }
        return planned;
    }
}
