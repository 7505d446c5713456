package io.kelpie.controller.scheduling.engine;

/** Much left is good: load is even over the hosts. */
record SpreadCost(MeanHost mean) implements RoomCost {
    @Override
    public long cost(long vcpusLeft, long memoryMibLeft) {
        return MeanHost.MOST - (mean.vcpuShare(vcpusLeft) + mean.memoryShare(memoryMibLeft)) / 2;
    }

    @Override
    public long bound(long vcpusLeast, long memoryMibLeast, long vcpusMost, long memoryMibMost) {
        return cost(vcpusMost, memoryMibMost);
    }

    @Override
    public boolean moreIsBetter() {
        return true;
    }

    @Override
    public int points(long cost) {
        return (int) (Math.min(SCALE, Math.max(0, MeanHost.MOST - cost)) * 100 / SCALE);
    }
}
