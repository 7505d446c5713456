package io.kelpie.controller.control;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** How many VMs of each job may be ended for others, as things are. Belongs to the control thread. */
final class JobBudgets {
    private final ClusterEditor cluster;
    private final Inventory inventory;
    private final Map<JobKey, Integer> endable = new HashMap<>();
    private final Set<JobKey> unheard = new LinkedHashSet<>();

    /** @param inventory is told */
    JobBudgets(ClusterEditor cluster, Inventory inventory) {
        this.cluster = cluster;
        this.inventory = inventory;
    }

    /** A host is heard and was not, or the other way round. */
    void heard(String hostId) {
        cluster.host(hostId)
                .ifPresent(host -> host.placed()
                        .forEach(id -> cluster.vm(id)
                                .ifPresent(vm -> unheard.add(vm.name().job()))));
    }

    /**
     * Tells the inventory of all jobs that have changed.
     *
     * @return the lowest priority of a job of which VMs may be ended now and could not be before; empty if there is none
     */
    OptionalInt refresh() {
        Set<JobKey> changed = cluster.changes().takeStaffing();
        changed.addAll(unheard);
        unheard.clear();
        OptionalInt lowest = OptionalInt.empty();
        for (JobKey key : changed) {
            JobEntry job = cluster.job(key).orElse(null);
            if (job == null) {
                endable.remove(key);
                continue;
            }
            JobBudget budget = of(job);
            inventory.allow(budget);
            Integer before = endable.put(key, budget.endable());
            if (before != null && before == 0 && budget.endable() > 0) {
                int priority = job.job().priority();
                lowest = OptionalInt.of(Math.min(lowest.orElse(priority), priority));
            }
        }
        return lowest;
    }

    /** The budget of a job by what is known of its VMs this moment; of one that is not there it allows any number. */
    JobBudget of(JobKey key) {
        return cluster.job(key).map(this::of).orElse(new JobBudget(key, 0, 1, 0));
    }

    private JobBudget of(JobEntry job) {
        int unavailable = Movability.budget(
                        job.record(),
                        job.vms.values().stream().map(VmEntry::record).toList())
                .unavailable();
        for (VmEntry vm : job.vms.values()) {
            boolean counts = vm.record().getOrdinal() < job.job().replicas();
            unavailable += counts && vm.state() == VmState.RUNNING && !isHeard(vm) ? 1 : 0;
        }
        return new JobBudget(job.key(), job.job().replicas(), job.job().maxUnavailable(), unavailable);
    }

    private boolean isHeard(VmEntry vm) {
        return cluster.host(vm.record().getHostId()).filter(host -> host.ready).isPresent();
    }
}
