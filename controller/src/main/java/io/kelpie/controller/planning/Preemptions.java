package io.kelpie.controller.planning;

import io.kelpie.controller.control.Movability;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.preempt.Preemption;
import io.kelpie.controller.scheduling.preempt.PreemptionLimits;
import io.kelpie.controller.scheduling.preempt.Preemptor;
import io.kelpie.controller.scheduling.preempt.Victim;
import io.kelpie.controller.scheduling.whatif.MoveRules.Budget;
import io.kelpie.controller.scheduling.whatif.RoomMaker;
import io.kelpie.controller.scheduling.whatif.Trial;
import io.kelpie.controller.view.JobView;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmView;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes room as the controller does, for one plan: jobs' budgets are used up by it. Belongs to one thread. */
final class Preemptions implements RoomMaker {
    private final ReadModel model;
    private final Map<JobKey, JobBudget> budgets = new HashMap<>();
    private @Nullable Preemptor preemptor;

    Preemptions(ReadModel model) {
        this.model = model;
    }

    @Override
    public Optional<Room> makeRoom(Trial trial, PlacementRequest request) {
        if (preemptor == null) {
            preemptor = new Preemptor(trial.inventory(), trial.search(), PreemptionLimits.DEFAULT);
            model.jobs().values().forEach(job -> put(trial, budget(job)));
            keepRunning(trial);
        }
        Optional<Preemption> found = preemptor.find(trial.inventory().ask(request));
        found.ifPresent(preemption -> preemption.victims().forEach(victim -> end(trial, victim)));
        return found.filter(preemption -> !preemption.victims().isEmpty())
                .map(preemption -> new Room(
                        preemption.hostId(),
                        preemption.victims().stream().map(Victim::vmId).toList()));
    }

    private void keepRunning(Trial trial) {
        for (VmView vm : model.vms().values()) {
            boolean kept = model.job(vm.name().job())
                    .flatMap(job -> Movability.endForbidden(job.record(), vm.record()))
                    .isPresent();
            if (kept) {
                trial.of(UUID.fromString(vm.record().getVmId())).stream()
                        .filter(trial::isThere)
                        .forEach(trial::keepRunning);
            }
        }
    }

    private void end(Trial trial, Victim victim) {
        JobBudget budget = budgets.get(victim.job());
        if (budget != null) {
            put(trial, new JobBudget(budget.job(), budget.replicas(), budget.maxUnavailable(), budget.away() + 1));
        }
    }

    private void put(Trial trial, JobBudget budget) {
        budgets.put(budget.job(), budget);
        trial.inventory().allow(budget);
    }

    private JobBudget budget(JobView job) {
        Budget budget = Movability.budget(
                job.record(),
                model.vmsOf(job.key()).stream().map(VmView::record).toList());
        return new JobBudget(
                job.key(), job.record().getSpec().getReplicas(), budget.maxUnavailable(), budget.unavailable());
    }
}
