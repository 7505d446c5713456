package io.kelpie.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.JobKey;
import org.junit.jupiter.api.Test;

class JobBudgetTest {
    private static final JobKey JOB = new JobKey("shop", "web");

    @Test
    void thoseAwayCount() {
        assertThat(new JobBudget(JOB, 5, 2, 0).endable()).isEqualTo(2);
        assertThat(new JobBudget(JOB, 5, 2, 1).endable()).isEqualTo(1);
        assertThat(new JobBudget(JOB, 5, 2, 2).endable()).isZero();
        assertThat(new JobBudget(JOB, 5, 2, 4).endable()).isZero();
    }

    @Test
    void asManyAsReplicasIsNoLimit() {
        assertThat(new JobBudget(JOB, 2, 2, 2).endable()).isEqualTo(Integer.MAX_VALUE);
        assertThat(new JobBudget(JOB, 2, 9, 1).endable()).isEqualTo(Integer.MAX_VALUE);
        assertThat(new JobBudget(JOB, 1, 1, 0).endable()).isEqualTo(Integer.MAX_VALUE);
    }
}
