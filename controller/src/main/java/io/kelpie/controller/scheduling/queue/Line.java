package io.kelpie.controller.scheduling.queue;

import java.util.Comparator;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A namespace among those of one priority. */
final class Line {
    static final Comparator<Line> BY_START =
            Comparator.<Line>comparingLong(line -> line.start).thenComparing(line -> line.namespace);
    static final Comparator<Line> BY_FINISH =
            Comparator.<Line>comparingLong(line -> line.finish).thenComparing(line -> line.namespace);

    final Level level;
    final String namespace;
    /** Its lanes that take part, by their oldest VMs. */
    final NavigableMap<Entry, Lane> shown = new TreeMap<>(Entry.BY_AGE);
    /** Its lanes in all. */
    int lanes;
    /** VMs in the lanes that take part. */
    int ready;
    /** When its next turn begins, on the level's clock; counts while it takes part. */
    long start;
    /** When its last turn ended. */
    long finish;

    Line(Level level, String namespace) {
        this.level = level;
        this.namespace = namespace;
    }
}
