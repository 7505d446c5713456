package io.kelpie.controller.scheduling.explain;

import io.kelpie.controller.scheduling.score.Scorer;
import java.util.Locale;

/**
 * What one consideration costs on a host; the best host is the one of the least sum.
 *
 * @param name {@link #ROOM}, {@link #GROUP}, or the scorer's
 * @param cost in units of {@link Scorer#POINT}, from 0
 */
public record ScorePart(String name, long cost) {
    /** What is left on a host with the VM on it. */
    public static final String ROOM = "room";
    /** VMs of the same group that would not fit beside it, more than on the host where fewest would not. */
    public static final String GROUP = "group";

    /** A cost in points, with two digits after the point, rounded down. */
    public static String points(long cost) {
        long hundredths = cost * 100 / Scorer.POINT;
        return String.format(Locale.ROOT, "%d.%02d", hundredths / 100, hundredths % 100);
    }

    @Override
    public String toString() {
        return name + " " + points(cost);
    }
}
