package io.kelpie.controller.replay;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * The fewest hosts on which a trace has no rejection, found by doubling the distance from a lower bound, then bisecting.
 * That presumes that more hosts never do worse, which no engine that decides one VM at a time can promise: another host
 * may lead to other places, and so to a rejection later. So the search then looks at the counts just below as well.
 *
 * @param hosts the fewest that were found to do; empty if even the most do not
 * @param checkedDownTo each count from this one to just below {@code hosts} was tried and does not do; if
 *     {@code hosts} is empty, the largest count of all, which does not do either
 * @param monotonic whether, of all counts that were tried, none did while a larger one did not
 */
public record MinHosts(OptionalInt hosts, int checkedDownTo, boolean monotonic) {
    /** How many counts in a row below the result must fail. */
    static final int CHECKED_BELOW = 8;

    /**
     * @param atLeast no smaller count can do, 1 or more
     * @param atMost the largest count to try
     * @param does whether a count does; asked once for each
     */
    public static MinHosts find(int atLeast, int atMost, IntPredicate does) {
        TreeMap<Integer, Boolean> tried = new TreeMap<>();
        IntPredicate once = count -> tried.computeIfAbsent(count, does::test);
        int fails = atLeast - 1;
        int holds = atLeast;
        long step = 1;
        while (!once.test(holds)) {
            if (holds == atMost) {
                return new MinHosts(OptionalInt.empty(), atMost, true);
            }
            fails = holds;
            holds = (int) Math.min(atMost, atLeast + step);
            step *= 2;
        }
        while (holds - fails > 1) {
            int middle = fails + (holds - fails) / 2;
            if (once.test(middle)) {
                holds = middle;
            } else {
                fails = middle;
            }
        }
        int lowest = holds;
        while (lowest > atLeast && holds - lowest < CHECKED_BELOW) {
            lowest--;
            if (once.test(lowest)) {
                holds = lowest;
            }
        }
        return new MinHosts(OptionalInt.of(holds), lowest, isMonotonic(tried));
    }

    private static boolean isMonotonic(TreeMap<Integer, Boolean> tried) {
        boolean oneDid = false;
        for (Map.Entry<Integer, Boolean> count : tried.entrySet()) {
            if (oneDid && !count.getValue()) {
                return false;
            }
            oneDid |= count.getValue();
        }
        return true;
    }
}
