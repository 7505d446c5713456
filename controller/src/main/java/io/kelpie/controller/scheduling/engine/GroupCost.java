package io.kelpie.controller.scheduling.engine;

/**
 * For the first VM of a group that has to stay on one host and whose size is not known: the more VMs like it the host
 * could carry, the better. Counts whole VMs, and of hosts for equally many prefers the one that packs better.
 */
record GroupCost(int vcpus, long memoryMib, PackCost pack) implements RoomCost {
    /** The cost of having room for one VM less. */
    static final long STEP = 64 * SCALE;

    private static final long MOST = 1024;

    @Override
    public long cost(long vcpusLeft, long memoryMibLeft) {
        return (MOST - more(vcpusLeft, memoryMibLeft)) * STEP + pack.cost(vcpusLeft, memoryMibLeft);
    }

    private long more(long vcpusLeft, long memoryMibLeft) {
        return Math.min(MOST, Math.min(vcpusLeft / Math.max(1, vcpus), memoryMibLeft / Math.max(1, memoryMib)));
    }

    @Override
    public long bound(long vcpusLeast, long memoryMibLeast, long vcpusMost, long memoryMibMost) {
        return (MOST - more(vcpusMost, memoryMibMost)) * STEP;
    }

    @Override
    public boolean moreIsBetter() {
        return true;
    }

    @Override
    public int points(long cost) {
        return pack.points(cost % STEP);
    }
}
