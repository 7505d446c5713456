package io.kelpie.controller.scheduling.engine;

/**
 * The size of the mean host, by which vCPUs and memory compare.
 *
 * @param vcpuUnit share of one vCPU in its vCPUs, as a multiple of 2^-{@value #SHIFT} of {@link RoomCost#SCALE}
 * @param mibUnit share of one MiB in its memory, likewise
 */
record MeanHost(long vcpuUnit, long mibUnit) {
    private static final int SHIFT = 20;
    /** Whatever is more than so many mean hosts counts as that. */
    static final long MOST = 16 * RoomCost.SCALE;

    /** Zero counts as one. */
    static MeanHost of(long vcpus, long memoryMib) {
        return new MeanHost(
                (RoomCost.SCALE << SHIFT) / Math.max(1, vcpus),
                Math.max(1, (RoomCost.SCALE << SHIFT) / Math.max(1, memoryMib)));
    }

    long vcpuShare(long vcpus) {
        return Math.min(MOST, (vcpus * vcpuUnit) >> SHIFT);
    }

    long memoryShare(long mib) {
        return Math.min(MOST, (mib * mibUnit) >> SHIFT);
    }
}
