package io.kelpie.controller.scheduling.preempt;

/**
 * How much work one request may be. Beside this every host is looked at once, by sums that are kept. What is beyond the
 * limits is not looked at, and the best of what was seen is taken: the answer stays a function of state and seed.
 *
 * @param hostsMax hosts that are looked at closely
 * @param stepsMax sets of victims that are weighed, on all hosts together, before no other host is begun and only one
 *     set more is made on the present one, which takes at most six steps a VM
 * @param stepsPerHostMax the same on one host
 */
public record PreemptionLimits(int hostsMax, int stepsMax, int stepsPerHostMax) {
    public static final PreemptionLimits DEFAULT = new PreemptionLimits(64, 50_000, 5_000);
}
