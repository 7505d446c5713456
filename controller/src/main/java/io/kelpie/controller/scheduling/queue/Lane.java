package io.kelpie.controller.scheduling.queue;

import java.util.NavigableSet;
import java.util.TreeSet;

/** The VMs of one class and namespace, the oldest first. */
final class Lane {
    final VmClass of;
    final Line line;
    final NavigableSet<Entry> vms = new TreeSet<>(Entry.BY_AGE);
    /** Whether it takes part in the order of turns. */
    boolean shown;

    Lane(VmClass of, Line line) {
        this.of = of;
        this.line = line;
    }
}
