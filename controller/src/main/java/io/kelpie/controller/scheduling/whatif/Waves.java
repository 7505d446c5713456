package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.model.JobKey;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Counts who is away at once: VMs are sent away in waves, the next when those of the last run again. VMs that do not
 * run now use up their jobs' budgets in the first wave. Belongs to one thread.
 */
public final class Waves {
    private final int atOnce;
    private final Function<JobKey, MoveRules.Budget> budgets;
    private final Map<JobKey, Integer> awayByJob = new HashMap<>();
    private int wave = 1;
    private int away;

    /**
     * @param atOnce most VMs in a wave, at least 1
     */
    public Waves(int atOnce, Function<JobKey, MoveRules.Budget> budgets) {
        if (atOnce < 1) {
            throw new IllegalArgumentException("a wave of " + atOnce + " VMs");
        }
        this.atOnce = atOnce;
        this.budgets = budgets;
    }

    /** Number of the present wave, from 1. */
    public int wave() {
        return wave;
    }

    /** Whether one more VM of the job may be away in the present wave. */
    public boolean admits(JobKey job) {
        MoveRules.Budget budget = budgets.apply(job);
        int allowed = wave == 1 ? budget.left() : budget.maxUnavailable();
        return away < atOnce && awayByJob.getOrDefault(job, 0) < allowed;
    }

    /** A VM of the job is away in the present wave. */
    public void take(JobKey job) {
        away++;
        awayByJob.merge(job, 1, Integer::sum);
    }

    /** Those of the present wave run again. */
    public void next() {
        wave++;
        away = 0;
        awayByJob.clear();
    }
}
