package io.kelpie.it.benchmark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Durations of one kind, in nanoseconds. */
final class Samples {
    private final String name;
    private final List<Long> nanos = new ArrayList<>();

    Samples(String name) {
        this.name = name;
    }

    void add(long durationNanos) {
        nanos.add(durationNanos);
    }

    double medianMillis() {
        List<Long> sorted = sorted();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1
                ? sorted.get(middle)
                : (sorted.get(middle - 1) + (double) sorted.get(middle)) / 2;
        return median / 1e6;
    }

    /** {@code {"median":…,"min":…,"max":…}}, in milliseconds; {@code null} if there is none. */
    String json() {
        if (nanos.isEmpty()) {
            return "null";
        }
        List<Long> sorted = sorted();
        return String.format(
                Locale.ROOT,
                "{\"median\":%.0f,\"min\":%.0f,\"max\":%.0f}",
                medianMillis(),
                sorted.get(0) / 1e6,
                sorted.get(sorted.size() - 1) / 1e6);
    }

    boolean isEmpty() {
        return nanos.isEmpty();
    }

    /** A row of the table whose columns are name, least, median and greatest, in milliseconds. */
    String row() {
        List<Long> sorted = sorted();
        return String.format(
                Locale.ROOT,
                "%-46s %8.1f %8.1f %8.1f",
                name,
                sorted.get(0) / 1e6,
                medianMillis(),
                sorted.get(sorted.size() - 1) / 1e6);
    }

    private List<Long> sorted() {
        List<Long> sorted = new ArrayList<>(nanos);
        Collections.sort(sorted);
        return sorted;
    }
}
