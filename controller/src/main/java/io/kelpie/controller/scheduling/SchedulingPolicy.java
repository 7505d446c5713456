package io.kelpie.controller.scheduling;

/**
 * How placement weighs.
 *
 * @param vcpuOvercommitPercent vCPUs that may be promised per 100 logical CPUs
 */
public record SchedulingPolicy(int vcpuOvercommitPercent) {
    public static final SchedulingPolicy DEFAULT = new SchedulingPolicy(400);
}
