package io.kelpie.it.benchmark.peer;

import ai.timefold.solver.core.api.domain.solution.PlanningEntityCollectionProperty;
import ai.timefold.solver.core.api.domain.solution.PlanningScore;
import ai.timefold.solver.core.api.domain.solution.PlanningSolution;
import ai.timefold.solver.core.api.domain.solution.ProblemFactCollectionProperty;
import ai.timefold.solver.core.api.domain.valuerange.ValueRangeProvider;
import ai.timefold.solver.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/** A batch of VMs and all hosts. Public, and made by reflection, as the solver wants it. */
@NullUnmarked
@PlanningSolution
public class TimefoldProblem {
    @ProblemFactCollectionProperty
    @ValueRangeProvider
    private List<TimefoldHost> hosts;

    @PlanningEntityCollectionProperty
    private List<TimefoldVm> vms;

    @PlanningScore
    private @Nullable HardMediumSoftLongScore score;

    private TimefoldBooks books;

    /** For the solver. */
    public TimefoldProblem() {}

    TimefoldProblem(List<TimefoldHost> hosts, List<TimefoldVm> vms, TimefoldBooks books) {
        this.hosts = hosts;
        this.vms = vms;
        this.books = books;
    }

    public List<TimefoldHost> getHosts() {
        return hosts;
    }

    public List<TimefoldVm> getVms() {
        return vms;
    }

    public @Nullable HardMediumSoftLongScore getScore() {
        return score;
    }

    public void setScore(@Nullable HardMediumSoftLongScore score) {
        this.score = score;
    }

    TimefoldBooks books() {
        return books;
    }
}
