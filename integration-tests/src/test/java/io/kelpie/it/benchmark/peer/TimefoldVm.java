package io.kelpie.it.benchmark.peer;

import ai.timefold.solver.core.api.domain.entity.PlanningEntity;
import ai.timefold.solver.core.api.domain.variable.PlanningVariable;
import io.kelpie.it.benchmark.churn.ChurnJob;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/** A VM that Timefold gives a host or none. Public, and made by reflection, as the solver wants it. */
@NullUnmarked
@PlanningEntity
public class TimefoldVm {
    private int number;
    private ChurnJob job;
    private int vm;
    private PeerNeed need;
    private boolean[] traits;
    private boolean[] preferred;

    @PlanningVariable(allowsUnassigned = true)
    private @Nullable TimefoldHost host;

    /** For the solver. */
    public TimefoldVm() {}

    /**
     * @param number position in the problem
     */
    TimefoldVm(int number, ChurnJob job, int vm, PeerRules rules) {
        this.number = number;
        this.job = job;
        this.vm = vm;
        need = PeerNeed.of(job);
        traits = rules.traits(job);
        preferred = rules.preferred(job);
    }

    int number() {
        return number;
    }

    ChurnJob job() {
        return job;
    }

    int vm() {
        return vm;
    }

    PeerNeed need() {
        return need;
    }

    /** Whether the host is of the right kind, however full. */
    boolean passesTraits(int hostNumber) {
        return traits[hostNumber];
    }

    /** Whether the host has what is preferred, if anything is. */
    boolean isPreferred(int hostNumber) {
        return preferred.length == 0 || preferred[hostNumber];
    }

    public @Nullable TimefoldHost getHost() {
        return host;
    }

    public void setHost(@Nullable TimefoldHost host) {
        this.host = host;
    }
}
