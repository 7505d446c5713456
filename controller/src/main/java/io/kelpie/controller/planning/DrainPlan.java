package io.kelpie.controller.planning;

import io.kelpie.controller.control.DecisionMessages;
import io.kelpie.controller.control.MoveStep;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.scheduling.whatif.DrainPreview;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmName;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.DrainedVm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the VMs of a host would go.
 *
 * @param vms VMs placed there: by wave those that go, then those that stay
 * @param steps of those that go, by wave
 * @param waves how many waves there are
 */
public record DrainPlan(List<DrainedVm> vms, List<MoveStep> steps, int waves) {
    /** VMs that are told. */
    static final int TOLD_MAX = 1_000;

    /** Of these, so many are told with all their rules. */
    static final int EXPLAINED_MAX = 50;

    public DrainPlan {
        vms = List.copyOf(vms);
        steps = List.copyOf(steps);
    }

    /**
     * Plans a drain.
     *
     * @param atOnce most VMs that are on their way at once, at least 1
     * @throws IllegalArgumentException if the basis does not have the host
     */
    public static DrainPlan of(PlanBasis basis, ReadModel model, String hostId, int atOnce, long nowMillis) {
        DrainPreview preview = DrainPreview.of(
                basis.snapshot(),
                hostId,
                basis.policy(),
                basis.seed(),
                atOnce,
                new ModelMoveRules(model, basis.sharedPools(), nowMillis));
        HostNames names = new HostNames(basis.snapshot());
        List<DrainedVm> going = new ArrayList<>();
        List<DrainedVm> staying = new ArrayList<>();
        List<MoveStep> steps = new ArrayList<>();
        for (DrainPreview.Row row : preview.rows()) {
            boolean goes = row.fate() == DrainPreview.Fate.MOVES;
            VmName name = new VmName(row.job(), row.ordinal());
            DrainedVm.Builder vm = DrainedVm.newBuilder()
                    .setNamespace(row.job().namespace())
                    .setName(name.name())
                    .setWave(goes ? row.wave() : 0)
                    .setReason(
                            row.fate() == DrainPreview.Fate.NOWHERE ? "is taken by no other host now" : row.reason());
            row.decision().ifPresent(decision -> {
                Decision.Builder message = DecisionMessages.of(decision, names::of, nowMillis, 0);
                if (going.size() + staying.size() >= EXPLAINED_MAX) {
                    message.clearRules();
                }
                vm.setDecision(message);
            });
            (goes ? going : staying).add(vm.build());
            if (goes) {
                steps.add(new MoveStep(row.vmId(), hostId, Optional.empty(), row.wave()));
            }
        }
        going.addAll(staying);
        return new DrainPlan(going.size() > TOLD_MAX ? going.subList(0, TOLD_MAX) : going, steps, preview.waves());
    }
}
