package io.kelpie.controller.scheduling.preempt;

/**
 * What making room on a host costs; the least is taken. In this order: how far the host's domains are above the floors
 * of the spread rules, how many victims, how many superseded claims, the highest priority of a victim, the sum of their
 * priorities, how long the oldest of them has been there; then seed and id of the host.
 *
 * @param key all but the age, as one number
 * @param oldestSinceMillis when the oldest victim was placed; later is less
 * @param hostRank see {@link io.kelpie.controller.scheduling.engine.Inventory#hostRank}
 * @param hostId the host
 */
record Price(long key, long oldestSinceMillis, long hostRank, String hostId) implements Comparable<Price> {
    /** Stands for the highest priority and the age where there is no victim. */
    static final int NO_PRIORITY = -1;

    static final long NO_AGE = Long.MAX_VALUE;

    private static final int SKEW_BITS = 12;
    private static final int SKEW_SHIFT = 51;

    /** Beyond what fits all is equal. */
    static long key(long skew, int victims, int claims, int highestPriority, long prioritySum) {
        return bits(skew, SKEW_BITS) << SKEW_SHIFT
                | bits(victims, 14) << 37
                | bits(claims, 10) << 27
                | bits(highestPriority + 1L, 7) << 20
                | bits(prioritySum, 20);
    }

    /** The key with so much more skew. */
    static long withSkew(long key, long more) {
        return bits(skew(key) + more, SKEW_BITS) << SKEW_SHIFT | (key & ((1L << SKEW_SHIFT) - 1));
    }

    /** The skew in a key. */
    static long skew(long key) {
        return key >>> SKEW_SHIFT;
    }

    private static long bits(long value, int bits) {
        return Math.min(value, (1L << bits) - 1);
    }

    @Override
    public int compareTo(Price other) {
        int order = Long.compare(key, other.key);
        if (order == 0) {
            order = Long.compare(other.oldestSinceMillis, oldestSinceMillis);
        }
        if (order == 0) {
            order = Long.compare(hostRank, other.hostRank);
        }
        return order == 0 ? hostId.compareTo(other.hostId) : order;
    }
}
