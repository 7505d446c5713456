package io.kelpie.controller.scheduling.rebalance;

/**
 * How far a rebalance may go.
 *
 * @param movesMax most moves in all, at least 0
 * @param atOnce most moves in one wave, at least 1
 * @param leastGain what each move must gain at least, its costs taken off, at least 1; in hundredths of a percent, see
 *     {@link Move}
 * @param workMax most looks at a host for a VM, at least 1; the rebalance ends with what it has found by then
 */
public record Limits(int movesMax, int atOnce, int leastGain, int workMax) {
    /** 100 moves, 5 at once, 5 % each, and about a second of work. */
    public static final Limits DEFAULT = new Limits(100, 5, 500, 1_000_000);

    public Limits {
        if (movesMax < 0 || atOnce < 1 || leastGain < 1 || workMax < 1) {
            throw new IllegalArgumentException(
                    "moves " + movesMax + ", at once " + atOnce + ", least gain " + leastGain + ", work " + workMax);
        }
    }
}
