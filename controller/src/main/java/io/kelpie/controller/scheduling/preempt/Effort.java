package io.kelpie.controller.scheduling.preempt;

/** Counts the work for one request against its limits. */
final class Effort {
    private final PreemptionLimits limits;
    private int hosts;
    private int steps;
    private int stepsBefore; // the present host

    Effort(PreemptionLimits limits) {
        this.limits = limits;
    }

    /** Begins with another host; false if the work is up. */
    boolean nextHost() {
        if (hosts >= limits.hostsMax() || steps >= limits.stepsMax()) {
            return false;
        }
        hosts++;
        stepsBefore = steps;
        return true;
    }

    void step() {
        steps++;
    }

    /** Whether no more choices are to be weighed on the present host. */
    boolean isUp() {
        return steps >= limits.stepsMax() || steps - stepsBefore >= limits.stepsPerHostMax();
    }

    int hosts() {
        return hosts;
    }

    int steps() {
        return steps;
    }
}
