package io.kelpie.controller.scheduling.engine;

/**
 * Divides amounts into levels: small ones exactly, larger ones eight to a doubling, so that a level's bounds are at
 * most an eighth apart. Pure.
 */
public final class Levels {
    private static final int EXACT = 16;
    private static final int STEP_BITS = 3;

    private Levels() {}

    /** The level of an amount; all that is below zero is in level 0 with zero. */
    public static int of(long amount) {
        if (amount < EXACT) {
            return (int) Math.max(0, amount);
        }
        int log = 63 - Long.numberOfLeadingZeros(amount);
        int step = (int) (amount >>> (log - STEP_BITS)) & ((1 << STEP_BITS) - 1);
        return EXACT + ((log - 4) << STEP_BITS) + step;
    }

    /** The least amount of a level. */
    public static long floor(int level) {
        if (level < EXACT) {
            return level;
        }
        int log = ((level - EXACT) >> STEP_BITS) + 4;
        long step = (level - EXACT) & ((1 << STEP_BITS) - 1);
        return (1L << log) + (step << (log - STEP_BITS));
    }

    /** The greatest amount of a level. */
    public static long ceiling(int level) {
        return floor(level + 1) - 1;
    }
}
