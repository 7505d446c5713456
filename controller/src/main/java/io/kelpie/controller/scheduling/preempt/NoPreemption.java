package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.JobKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Why no VM is ended for a request: every host is counted once.
 *
 * @param priority of the request
 * @param barred hosts that a rule removes however empty they are
 * @param outranked hosts without a VM of lower priority that could be ended for it
 * @param outrankedVms VMs of the same or a higher priority on those
 * @param tooLittle hosts where ending all VMs of lower priority would not be enough
 * @param protectedByBudget hosts where ending VMs would be enough, were it not for the budgets of their jobs
 * @param usedUp the jobs with those budgets
 * @param notTried hosts beyond the limits of the work
 */
public record NoPreemption(
        int priority,
        int barred,
        int outranked,
        int outrankedVms,
        int tooLittle,
        int protectedByBudget,
        SortedSet<JobKey> usedUp,
        int notTried) {
    private static final int NAMED_MAX = 3;

    public NoPreemption {
        usedUp = Collections.unmodifiableSortedSet(new TreeSet<>(usedUp));
    }

    /** Hosts in all. */
    public int hosts() {
        return barred + outranked + tooLittle + protectedByBudget + notTried;
    }

    /** In words. */
    public String sentence() {
        if (hosts() == 0) {
            return "no VM may be ended for it: there is no host";
        }
        List<String> reasons = new ArrayList<>();
        if (outranked > 0) {
            reasons.add(on(outranked)
                    + (outrankedVms == 0
                            ? " is no VM that could be ended"
                            : " no VM has a priority below " + priority + " (" + outrankedVms + " of " + priority
                                    + " or more)"));
        }
        if (protectedByBudget > 0) {
            reasons.add(on(protectedByBudget) + jobs() + " used up (spec.maxUnavailable)");
        }
        if (tooLittle > 0) {
            reasons.add(on(tooLittle) + " ending every VM of lower priority would not be enough");
        }
        if (barred > 0) {
            reasons.add(hosts(barred) + (barred == 1 ? " is" : " are") + " ruled out whatever is ended");
        }
        if (notTried > 0) {
            reasons.add(hosts(notTried) + (notTried == 1 ? " was" : " were")
                    + " not tried, as the work for one VM is limited");
        }
        return "no VM may be ended for it: " + String.join(", ", reasons);
    }

    private String jobs() {
        String named = usedUp.stream().limit(NAMED_MAX).map(JobKey::toString).collect(Collectors.joining(", "));
        String more = usedUp.size() > NAMED_MAX ? " and " + (usedUp.size() - NAMED_MAX) + " more" : "";
        return usedUp.size() == 1
                ? " the budget of job " + named + " is"
                : " the budgets of jobs " + named + more + " are";
    }

    private static String on(int count) {
        return "on " + hosts(count);
    }

    private static String hosts(int count) {
        return count == 1 ? "1 host" : count + " hosts";
    }
}
