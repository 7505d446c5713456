package io.kelpie.controller.scheduling.engine;

/**
 * What it costs to leave so much free on a host; less is better. Immutable.
 *
 * <p>Of all hosts with amounts between two bounds none costs less than {@link #bound}, and the bound of a range never
 * falls as the range goes up in either amount, or, if {@link #moreIsBetter}, as it goes down.
 */
interface RoomCost {
    /** One point of 100, as in {@link io.kelpie.controller.scheduling.score.Scorer#POINT}. */
    long SCALE = 1_000_000;

    /** 0 or more. The amounts are what is left with the VM on the host; 0 or more. */
    long cost(long vcpusLeft, long memoryMibLeft);

    /** The least cost on any host with amounts left between these; all 0 or more. */
    long bound(long vcpusLeast, long memoryMibLeast, long vcpusMost, long memoryMibMost);

    /** Whether hosts with more left are better. */
    boolean moreIsBetter();

    /** Whether memory tells more of the cost than vCPUs, and so is what to search by; only if less is better. */
    default boolean isMemoryFirst() {
        return false;
    }

    /** The cost in points, 100 for the best. */
    int points(long cost);
}
