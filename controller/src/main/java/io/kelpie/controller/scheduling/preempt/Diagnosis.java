package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.HostTrial;
import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobMembers;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Counts the hosts by what stands in the way of preemption there. For one request. */
final class Diagnosis {
    private final HostTable hosts;
    private final Instances instances;
    private final HostTrial trial;
    private final TreeSet<JobKey> usedUp = new TreeSet<>();
    private int barred;
    private int outranked;
    private int outrankedVms;
    private int tooLittle;
    private int protectedByBudget;
    private int notTried;
    private final Map<JobMembers, Integer> ended = new HashMap<>(); // on the present host
    private boolean hasSetAside;

    Diagnosis(Inventory inventory, HostTrial trial) {
        hosts = inventory.hosts();
        instances = inventory.instances();
        this.trial = trial;
    }

    NoPreemption of(Ask ask) {
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                count(ask, host);
            }
        }
        return new NoPreemption(
                ask.priority(), barred, outranked, outrankedVms, tooLittle, protectedByBudget, usedUp, notTried);
    }

    private void count(Ask ask, int host) {
        if (trial.isBarred(ask, host)) {
            barred++;
            return;
        }
        trial.open(host);
        try {
            int higher = setAsideLower(ask, host);
            boolean passes = trial.passesButSpread(ask) && trial.passesSpread(ask);
            if (!hasSetAside) {
                outranked++;
                outrankedVms += higher;
            } else if (!passes) {
                tooLittle++;
            } else {
                countBudgets();
            }
        } finally {
            trial.close();
        }
    }

    /** Sets aside whatever may be, budgets or not; returns how many VMs are not of lower priority. */
    private int setAsideLower(Ask ask, int host) {
        int higher = 0;
        hasSetAside = false;
        ended.clear();
        for (int i = instances.first(host); i != Instances.NONE; i = instances.next(i)) {
            boolean lower = instances.ask(i).priority() < ask.priority();
            JobMembers job = instances.ask(i).terms().members();
            if (instances.isLeaving(i) || (lower && instances.isClaim(i))) {
                trial.setAside(i);
            } else if (lower && !instances.isKept(i) && Candidates.mayEnd(ask, job)) {
                trial.setAside(i);
                hasSetAside = true;
                ended.merge(job, 1, Integer::sum);
            } else if (!lower) {
                higher++;
            }
        }
        return higher;
    }

    /** Names the jobs of which more VMs would have to be ended than may be. */
    private void countBudgets() {
        Set<JobKey> here = new TreeSet<>();
        ended.forEach((job, count) -> {
            if (count > job.endable()) {
                here.add(job.key());
            }
        });
        if (here.isEmpty()) {
            notTried++;
        } else {
            protectedByBudget++;
            usedUp.addAll(here);
        }
    }
}
