package io.kelpie.controller.scheduling.engine;

/**
 * Little left is good. Of what is scarce, that alone counts, and the other amount only decides between hosts with as
 * much of it: whoever runs out of vCPUs gains nothing by saving memory. If neither is scarce, both count, and left in
 * proportion is better than much of one and none of the other, which nobody could use. Keeps big holes whole.
 */
record PackCost(MeanHost mean, Scarce scarce) implements RoomCost {
    /** What runs out first if the VMs to come are like those that are there. */
    enum Scarce {
        VCPUS,
        MEMORY,
        NEITHER
    }

    /** How much the difference of the two counts beside their sum, in eighths; at most 8 keeps the cost monotonic. */
    private static final int SHAPE_EIGHTHS = 4;

    /** All of a mean host's other amount counts as this part of one, as a power of two: less than one vCPU of it. */
    private static final int MINOR_SHIFT = 10;

    @Override
    public long cost(long vcpusLeft, long memoryMibLeft) {
        long vcpus = mean.vcpuShare(vcpusLeft);
        long memory = mean.memoryShare(memoryMibLeft);
        return switch (scarce) {
            case VCPUS -> vcpus + (memory >> MINOR_SHIFT);
            case MEMORY -> memory + (vcpus >> MINOR_SHIFT);
            case NEITHER ->
                ((vcpus + memory) * 8 + Math.abs(vcpus - memory) * SHAPE_EIGHTHS) / 16; // rounded once: monotonic
        };
    }

    @Override
    public long bound(long vcpusLeast, long memoryMibLeast, long vcpusMost, long memoryMibMost) {
        return cost(vcpusLeast, memoryMibLeast);
    }

    @Override
    public boolean moreIsBetter() {
        return false;
    }

    @Override
    public boolean isMemoryFirst() {
        return scarce == Scarce.MEMORY;
    }

    @Override
    public int points(long cost) {
        return (int) (100 - Math.min(SCALE, cost) * 100 / SCALE);
    }
}
