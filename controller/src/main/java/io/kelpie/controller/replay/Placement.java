package io.kelpie.controller.replay;

/** An engine's answer for one VM. */
public sealed interface Placement {
    /**
     * The VM has a place.
     *
     * @param host index in {@link ReplayPool#hosts}
     * @param numaNodes the NUMA nodes of the host that carry an equal share of the VM each: bit i stands for NUMA node i.
     *     0 if the VM has no wish ({@link ReplayVm#numaNodes} is 0)
     */
    record Placed(int host, int numaNodes) implements Placement {}

    /**
     * No host passes all rules.
     *
     * @param rule the rule that stands in the way most, by the name that {@code explain} gives it, e.g. {@code memory}
     */
    record Rejected(String rule) implements Placement {}
}
