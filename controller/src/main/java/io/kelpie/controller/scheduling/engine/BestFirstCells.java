package io.kelpie.controller.scheduling.engine;

/**
 * The cells of the {@link FitIndex} that a VM may fit into, in the order of their bounds: a cursor on each level of the
 * amount that counts first, always on where the bound is least. A level is opened only when no open one is better than
 * the best that it could hold. For use again and again by one thread; the index must not change meanwhile.
 */
final class BestFirstCells {
    private static final int LEVELS_MOST = Math.max(FitIndex.VCPU_LEVELS, FitIndex.MEMORY_LEVELS);

    private final FitIndex index;
    private final int[] levels = new int[LEVELS_MOST]; // by cursor
    private final int[] others = new int[LEVELS_MOST];
    private final long[] bounds = new long[LEVELS_MOST];

    private FitAxis axis;
    private RoomCost room;
    private boolean memoryFirst;
    private int vcpus;
    private long memoryMib;
    private long classes;
    private long wanted;
    private int leastOther;
    private int open;
    private int nextLevel;
    private int current;

    BestFirstCells(FitIndex index, RoomCost room) {
        this.index = index;
        this.room = room;
        axis = index.byVcpus();
    }

    /**
     * Begins anew, for a VM of this size.
     *
     * @param someOf bits of trait classes: passes over cells without any of them
     * @param allOf {@link Offers}: passes over cells where one of them is missing
     */
    void begin(RoomCost cost, int wantedVcpus, long wantedMemoryMib, long someOf, long allOf) {
        room = cost;
        vcpus = wantedVcpus;
        memoryMib = wantedMemoryMib;
        classes = someOf;
        wanted = allOf;
        open = 0;
        current = FitIndex.NOWHERE;
        memoryFirst = cost.isMemoryFirst();
        int vcpuLevel = FitIndex.vcpuLevel(vcpus);
        int memoryLevel = FitIndex.memoryLevel(memoryMib);
        axis = memoryFirst ? index.byMemory() : index.byVcpus();
        leastOther = memoryFirst ? vcpuLevel : memoryLevel;
        nextLevel = axis.from(memoryFirst ? memoryLevel : vcpuLevel, wanted);
    }

    /** Moves on to the cell of the least bound; false if there is none whose hosts may cost so little. */
    boolean next(long mostCost) {
        if (current != FitIndex.NOWHERE && !advance(current, others[current])) {
            close(current);
        }
        current = least();
        openLevels(mostCost);
        return current != FitIndex.NOWHERE && bounds[current] <= mostCost;
    }

    /** The cell. */
    int cell() {
        return axis.cell(levels[current], others[current]);
    }

    /** vCPUs that its hosts have left at least, with the VM. */
    long vcpusLeast() {
        return vcpusLeast(memoryFirst ? others[current] : levels[current]);
    }

    private long vcpusLeast(int vcpuLevel) {
        return Math.max(0, Levels.floor(vcpuLevel) - vcpus);
    }

    private long memoryMibLeast(int memoryLevel) {
        return Math.max(0, (Levels.floor(memoryLevel) << FitIndex.MEMORY_SHIFT) - memoryMib);
    }

    private void openLevels(long mostCost) {
        while (nextLevel != FitIndex.NOWHERE) {
            if (axis.mayHave(nextLevel, classes, wanted)) {
                if (boundOfLevel(nextLevel) > (current == FitIndex.NOWHERE ? mostCost : bounds[current])) {
                    return;
                }
                levels[open] = nextLevel;
                if (advance(open, room.moreIsBetter() ? FitIndex.MEMORY_LEVELS : leastOther - 1)) {
                    if (current == FitIndex.NOWHERE || bounds[open] < bounds[current]) {
                        current = open;
                    }
                    open++;
                }
            }
            nextLevel = axis.from(nextLevel + 1, wanted);
        }
    }

    private int least() {
        int least = open - 1; // NOWHERE if none is open
        for (int i = 0; i < open - 1; i++) {
            if (bounds[i] < bounds[least]) {
                least = i;
            }
        }
        return least;
    }

    /** The least cost on any host of a level, or of a higher one. */
    private long boundOfLevel(int level) {
        if (room.moreIsBetter()) {
            return 0;
        }
        return memoryFirst ? room.bound(0, memoryMibLeast(level), 0, 0) : room.bound(vcpusLeast(level), 0, 0, 0);
    }

    /** Moves a cursor to its next cell with hosts; false if there is none. */
    private boolean advance(int cursor, int from) {
        int level = levels[cursor];
        boolean down = room.moreIsBetter();
        int other = from;
        do {
            other = down ? axis.otherDownFrom(level, other - 1) : axis.otherFrom(level, other + 1);
            if (other < leastOther) {
                return false;
            }
        } while (!index.mayHave(axis.cell(level, other), classes, wanted));
        others[cursor] = other;
        int vcpuLevel = memoryFirst ? other : level;
        int memoryLevel = memoryFirst ? level : other;
        bounds[cursor] = room.bound(
                vcpusLeast(vcpuLevel),
                memoryMibLeast(memoryLevel),
                FitIndex.vcpusMost(vcpuLevel) - vcpus,
                FitIndex.memoryMibMost(memoryLevel) - memoryMib);
        return true;
    }

    private void close(int cursor) {
        open--;
        levels[cursor] = levels[open];
        others[cursor] = others[open];
        bounds[cursor] = bounds[open];
    }
}
