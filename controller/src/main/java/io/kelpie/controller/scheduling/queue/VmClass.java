package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.scheduling.queue.QueueFacts.Verdict;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** VMs that share a verdict: if one finds no place, none does until something changes. */
final class VmClass {
    static final Comparator<VmClass> BY_NUMBER = Comparator.comparingLong(of -> of.number);

    enum State {
        /** Its VMs take their turns. */
        READY,
        /** The same as long as one of the hosts whose change helped is good for the next VM, which is seen first. */
        WOKEN,
        /** One of its VMs found no place. */
        BLOCKED
    }

    /** In the order in which classes came up. */
    final long number;

    final ClassKey key;
    /** By namespace. */
    final Map<String, Lane> lanes = new TreeMap<>();

    State state = State.READY;
    /** While {@link State#WOKEN}: the hosts that could help. */
    final Set<String> wokenBy = new LinkedHashSet<>();
    /** Of one of its VMs; made when the first one found no place. */
    HostChecks.@Nullable Check check;
    /** The last decision that found no place. */
    @Nullable Verdict verdict;
    /** When that was, on the queue's own clock, which never goes back. */
    long triedAt;

    VmClass(long number, ClassKey key) {
        this.number = number;
        this.key = key;
    }

    int size() {
        int size = 0;
        for (Lane lane : lanes.values()) {
            size += lane.vms.size();
        }
        return size;
    }
}
