package io.kelpie.it.benchmark.churn;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** A number for each kind of VM, in an array: it is counted while the clock runs. Used by one thread. */
@SuppressWarnings("EnumOrdinal") // the array is as long as the enum, and lives no longer than the process
final class KindCounts {
    private final long[] counts = new long[Kind.values().length];

    void add(Kind kind, long amount) {
        counts[kind.ordinal()] += amount;
    }

    long get(Kind kind) {
        return counts[kind.ordinal()];
    }

    void clear() {
        Arrays.fill(counts, 0);
    }

    Map<Kind, Long> toMap() {
        Map<Kind, Long> map = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            map.put(kind, get(kind));
        }
        return map;
    }
}
