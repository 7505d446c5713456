package io.kelpie.controller.scheduling.queue;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/** The namespaces that have VMs of one priority. */
final class Level {
    final int priority;
    final Map<String, Line> lines = new HashMap<>();
    /** Namespaces that take part, by the start of their next turn. */
    final NavigableSet<Line> ready = new TreeSet<>(Line.BY_START);
    /** Namespaces without VMs that have had more than their share, by when that is made up for. */
    final NavigableSet<Line> indebted = new TreeSet<>(Line.BY_FINISH);
    /** Start of the latest turn. */
    long clock;
    /** Lanes of all namespaces. */
    int lanes;

    Level(int priority) {
        this.priority = priority;
    }
}
