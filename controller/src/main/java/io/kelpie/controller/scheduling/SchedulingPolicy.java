package io.kelpie.controller.scheduling;

/**
 * How placement weighs.
 *
 * @param vcpuOvercommitPercent vCPUs that may be promised per 100 logical CPUs
 * @param packing which hosts are better
 * @param startsInFlightMax instances that a host may be starting at once; 0: any number
 * @param preferWeight points of 100 that are lost where no preference is met
 * @param imageWeight points of 100 that are lost where an image has to be fetched first
 * @param nPlusOne whether room is kept for the VMs of any one host
 */
public record SchedulingPolicy(
        int vcpuOvercommitPercent,
        Packing packing,
        int startsInFlightMax,
        int preferWeight,
        int imageWeight,
        NPlusOne nPlusOne) {
    /** What a cluster does that is told nothing: a host starts 16 at once, so that a failover does not overwhelm it. */
    public static final SchedulingPolicy DEFAULT = new SchedulingPolicy(400, Packing.PACK, 16, 30, 5, NPlusOne.OFF);

    /** The same for what-if questions, where no start is under way. */
    public SchedulingPolicy withoutStartsInFlight() {
        return new SchedulingPolicy(vcpuOvercommitPercent, packing, 0, preferWeight, imageWeight, nPlusOne);
    }

    /** The same with another packing. */
    public SchedulingPolicy withPacking(Packing other) {
        return new SchedulingPolicy(
                vcpuOvercommitPercent, other, startsInFlightMax, preferWeight, imageWeight, nPlusOne);
    }

    /** The same with another overcommit ratio. */
    public SchedulingPolicy withOvercommit(int percent) {
        return new SchedulingPolicy(percent, packing, startsInFlightMax, preferWeight, imageWeight, nPlusOne);
    }

    /** The same with another rule for the loss of a host. */
    public SchedulingPolicy withNPlusOne(NPlusOne other) {
        return new SchedulingPolicy(
                vcpuOvercommitPercent, packing, startsInFlightMax, preferWeight, imageWeight, other);
    }

    /** Which of the hosts that pass is better. */
    public enum Packing {
        /** The one that is left with the least, and with vCPUs and memory in proportion. Keeps big holes whole. */
        PACK,
        /** The one that is left with the most. */
        SPREAD
    }
}
