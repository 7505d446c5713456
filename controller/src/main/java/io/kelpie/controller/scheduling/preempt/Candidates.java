package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.JobMembers;
import io.kelpie.controller.scheduling.engine.JobTerms;
import java.util.ArrayList;
import java.util.List;

/**
 * The instances of one host that may be ended for a request, by importance, with what is left of their jobs' budgets.
 * Not among them: VMs of the request's own job, and VMs of jobs that it has to be near.
 */
final class Candidates {
    private final Instances instances;
    private final int[] numbers;
    private final int[] jobs; // by candidate: number of its job here
    private final List<JobMembers> members = new ArrayList<>(); // by job
    private final int[] budgets; // by job: what is left
    private int size;

    Candidates(Ask ask, Profile profile, Instances instances) {
        this.instances = instances;
        int count = profile.countBelow(ask.priority());
        numbers = new int[count];
        jobs = new int[count];
        budgets = new int[count];
        for (int n = 0; n < count; n++) {
            JobMembers job = instances.ask(profile.endable(n)).terms().members();
            if (mayEnd(ask, job)) {
                numbers[size] = profile.endable(n);
                jobs[size] = number(job);
                size++;
            }
        }
    }

    /** Whether a VM of a job may be ended for a request, as far as the request's own rules go. */
    static boolean mayEnd(Ask ask, JobMembers job) {
        if (job == ask.terms().members()) {
            return false;
        }
        for (int i = 0; i < ask.terms().affinity().size(); i++) {
            JobTerms.Affinity near = ask.terms().affinity().get(i);
            if (near.required() && near.of() == job) {
                return false;
            }
        }
        return true;
    }

    private int number(JobMembers job) {
        int known = members.indexOf(job);
        if (known >= 0) {
            return known;
        }
        members.add(job);
        budgets[members.size() - 1] = job.endable();
        return members.size() - 1;
    }

    int size() {
        return size;
    }

    int instance(int candidate) {
        return numbers[candidate];
    }

    int priority(int candidate) {
        return instances.ask(numbers[candidate]).priority();
    }

    long sinceMillis(int candidate) {
        return instances.sinceMillis(numbers[candidate]);
    }

    int vcpus(int candidate) {
        return instances.ask(numbers[candidate]).demand().vcpus();
    }

    long memoryMib(int candidate) {
        return instances.ask(numbers[candidate]).demand().memoryMib();
    }

    /** Whether the budget of its job allows one more. */
    boolean isAllowed(int candidate) {
        return budgets[jobs[candidate]] > 0;
    }

    /** Counts it as ended; below zero if the budget does not allow it. */
    void spend(int candidate) {
        budgets[jobs[candidate]]--;
    }

    void refund(int candidate) {
        budgets[jobs[candidate]]++;
    }

    boolean isOverspent(int candidate) {
        return budgets[jobs[candidate]] < 0;
    }
}
