package io.kelpie.it.simulation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/** True time, the queue of what will happen, chance, and the log. Everything of one run hangs on it; one thread. */
final class World {
    static final long MICRO = 1_000L;
    static final long MILLI = 1_000_000L;
    static final long SECOND = 1_000_000_000L;

    private static final int LOG_LINES = 400;

    private record Line(long atNanos, String text) {
        @Override
        public String toString() {
            return String.format("%10.3f  %s", atNanos / 1e9, text);
        }
    }

    private record Event(long atNanos, long number, Runnable task) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    final long seed;
    private final PriorityQueue<Event> queue = new PriorityQueue<>(4096);
    private final Deque<Line> log = new ArrayDeque<>();
    private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    private final boolean verbose;
    private long nowNanos;
    private long numbers;
    private long events;
    private long hash = 17;

    World(long seed, boolean verbose) {
        this.seed = seed;
        this.verbose = verbose;
    }

    /** True time since the begin, in nanoseconds; what no clock of the cluster shows. */
    long now() {
        return nowNanos;
    }

    /** A source of chance of its own: what others draw does not change what this one gives. */
    SplittableRandom random(String name) {
        long mixed = seed * 0x9E3779B97F4A7C15L;
        for (int i = 0; i < name.length(); i++) {
            mixed = (mixed ^ name.charAt(i)) * 0x100000001B3L;
        }
        return new SplittableRandom(mixed);
    }

    void at(long atNanos, Runnable task) {
        queue.add(new Event(Math.max(atNanos, nowNanos), numbers++, task));
    }

    void after(long nanos, Runnable task) {
        at(nowNanos + nanos, task);
    }

    /** Lets the next event happen, if it comes before the end. */
    boolean step(long endNanos) {
        Event next = queue.peek();
        if (next == null || next.atNanos > endNanos) {
            nowNanos = Math.max(nowNanos, endNanos);
            return false;
        }
        queue.remove();
        nowNanos = next.atNanos;
        events++;
        hash = hash * 1_000_003 + nowNanos;
        next.task.run();
        return true;
    }

    void note(String line) {
        hash = hash * 31 + line.hashCode();
        Line stamped = new Line(nowNanos, line);
        if (verbose) {
            System.err.println(stamped);
        }
        log.addLast(stamped);
        if (log.size() > LOG_LINES) {
            log.removeFirst();
        }
    }

    void fault(Fault fault, String detail) {
        faults.merge(fault, 1, Integer::sum);
        note("fault " + fault + " " + detail);
    }

    /** Counts a fault too frequent for the log. */
    void count(Fault fault) {
        faults.merge(fault, 1, Integer::sum);
    }

    Map<Fault, Integer> faults() {
        return faults;
    }

    List<String> log() {
        return log.stream().map(Line::toString).toList();
    }

    long events() {
        return events;
    }

    /** A number that two runs share only if all their events happened at the same instants in the same order. */
    long hash() {
        return hash;
    }
}
