package io.kelpie.controller.replay;

import java.util.ArrayList;
import java.util.List;

/**
 * Usage over a whole replay in a bounded number of points: equally many arrivals between two points, each point the
 * busiest instant since the one before, so that no peak is lost. Used by one thread.
 */
public final class UsageSeries {
    static final int MAX_POINTS = 4096;

    private final List<Usage> points = new ArrayList<>();
    private int stride = 1;
    private int inLast;

    void add(Usage usage) {
        if (points.isEmpty() || inLast == stride) {
            if (points.size() == MAX_POINTS) {
                halve();
            }
            points.add(usage);
            inLast = 1;
        } else {
            int last = points.size() - 1;
            points.set(last, busier(points.get(last), usage));
            inLast++;
        }
    }

    private void halve() {
        for (int i = 0; i < MAX_POINTS / 2; i++) {
            points.set(i, busier(points.get(2 * i), points.get(2 * i + 1)));
        }
        points.subList(MAX_POINTS / 2, MAX_POINTS).clear();
        stride *= 2;
    }

    /** The one with more hosts in use; of equals, with more vCPUs; else the later. */
    private static Usage busier(Usage earlier, Usage later) {
        if (earlier.hosts() != later.hosts()) {
            return earlier.hosts() > later.hosts() ? earlier : later;
        }
        return earlier.vcpus() > later.vcpus() ? earlier : later;
    }

    /** In the order of time. */
    public List<Usage> points() {
        return List.copyOf(points);
    }

    /** How many arrivals a point stands for. */
    public int arrivalsPerPoint() {
        return stride;
    }
}
