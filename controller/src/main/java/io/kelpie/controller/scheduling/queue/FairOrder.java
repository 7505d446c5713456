package io.kelpie.controller.scheduling.queue;

import java.util.Comparator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is. A higher priority comes first; within a priority, namespaces share: each has a time of its own that
 * goes on by what its turns cost, and the one that is the furthest back is next (start-time fair queueing). A turn that
 * found a place costs {@link #PLACED}, a vain one {@link #VAIN}: so a namespace of many impossible VMs holds the others
 * up little, and one whose turn came when the room was just gone is the next to be asked. Whoever comes back after a
 * while starts where the others are, with neither credit nor debt older than a turn. Within a namespace the oldest VM is
 * next.
 *
 * <p>Between two turns of a namespace that has VMs ready, each other of its priority has at most {@code PLACED / VAIN + 1}
 * turns, and at most 2 that find a place.
 */
final class FairOrder {
    static final long PLACED = 8;
    static final long VAIN = 1;

    private final NavigableMap<Integer, Level> levels = new TreeMap<>(Comparator.reverseOrder());

    /** A new lane, not shown. */
    Lane newLane(VmClass of, int priority, String namespace) {
        Level level = levels.computeIfAbsent(priority, Level::new);
        Line line = level.lines.computeIfAbsent(namespace, name -> new Line(level, name));
        if (line.lanes++ == 0) {
            level.indebted.remove(line);
        }
        level.lanes++;
        return new Lane(of, line);
    }

    /** An empty lane goes. */
    void drop(Lane lane) {
        hide(lane);
        Line line = lane.line;
        Level level = line.level;
        if (--level.lanes == 0) {
            levels.remove(level.priority); // nobody is left who could be owed anything
        } else if (--line.lanes == 0) {
            leave(line);
        }
    }

    /** A namespace without VMs is remembered as long as it has had more than the others. */
    private static void leave(Line line) {
        if (line.finish > line.level.clock) {
            line.level.indebted.add(line);
        } else {
            line.level.lines.remove(line.namespace);
        }
    }

    void add(Lane lane, Entry vm) {
        boolean shown = lane.shown;
        hide(lane);
        lane.vms.add(vm);
        vm.lane = lane;
        if (shown) {
            show(lane);
        }
    }

    /** Takes a VM out of its lane, which may be empty then. */
    void take(Lane lane, Entry vm) {
        boolean shown = lane.shown;
        hide(lane);
        lane.vms.remove(vm);
        vm.lane = null;
        if (shown) {
            show(lane);
        }
    }

    /** The lane takes part from now on. */
    void show(Lane lane) {
        if (lane.shown) {
            return;
        }
        lane.shown = true;
        if (lane.vms.isEmpty()) {
            return;
        }
        Line line = lane.line;
        line.ready += lane.vms.size();
        line.shown.put(lane.vms.first(), lane);
        if (line.shown.size() == 1) {
            line.start = Math.max(line.finish, line.level.clock);
            line.level.ready.add(line);
        }
    }

    /** The lane does not take part any more. */
    void hide(Lane lane) {
        if (!lane.shown) {
            return;
        }
        lane.shown = false;
        if (lane.vms.isEmpty()) {
            return;
        }
        Line line = lane.line;
        line.ready -= lane.vms.size();
        line.shown.remove(lane.vms.first());
        if (line.shown.isEmpty()) {
            line.level.ready.remove(line);
        }
    }

    /** The lane whose first VM is next, or {@code null} if no lane takes part. */
    @Nullable Lane first() {
        for (Level level : levels.values()) {
            if (!level.ready.isEmpty()) {
                return level.ready.first().shown.values().iterator().next();
            }
        }
        return null;
    }

    /** The turn of the namespace has come. */
    void begin(Line line) {
        Level level = line.level;
        level.clock = line.start;
        while (!level.indebted.isEmpty() && level.indebted.first().finish <= level.clock) {
            Line settled = level.indebted.first();
            level.indebted.remove(settled);
            level.lines.remove(settled.namespace);
        }
    }

    /** The turn that began last is over. */
    void end(Line line, long cost) {
        boolean ready = line.level.ready.remove(line);
        line.finish = line.start + cost;
        line.start = line.finish;
        if (ready) {
            line.level.ready.add(line);
        }
    }

    /** VMs whose turn comes before this one's, if each finds a place; if it does not take part: as if it did. */
    long ahead(Entry vm) {
        long ahead = 0;
        for (Level level : levels.headMap(vm.priority(), false).values()) {
            for (Line line : level.ready) {
                ahead += line.ready;
            }
        }
        Level level = levels.get(vm.priority());
        if (level == null) {
            return ahead;
        }
        Line own = level.lines.get(vm.namespace());
        long before = 0;
        long start = level.clock;
        if (own != null) {
            for (Map.Entry<Entry, Lane> lane : own.shown.headMap(vm, false).entrySet()) {
                before += lane.getValue().vms.headSet(vm, false).size();
            }
            start = own.shown.isEmpty() ? Math.max(own.finish, level.clock) : own.start;
        }
        long turn = start + before * PLACED;
        for (Line line : level.ready) {
            if (line != own) {
                ahead += Math.min(line.ready, turnsBefore(line, turn, vm.namespace()));
            }
        }
        return ahead + before;
    }

    /** Turns of a namespace that begin before one of another namespace at that time. */
    private static long turnsBefore(Line line, long turn, String namespace) {
        if (line.start > turn) {
            return 0;
        }
        long whole = (turn - line.start) / PLACED;
        boolean tie = (turn - line.start) % PLACED == 0;
        return tie && line.namespace.compareTo(namespace) > 0 ? whole : whole + 1;
    }

    /** VMs in the lanes that take part. */
    int ready() {
        int ready = 0;
        for (Level level : levels.values()) {
            for (Line line : level.ready) {
                ready += line.ready;
            }
        }
        return ready;
    }
}
