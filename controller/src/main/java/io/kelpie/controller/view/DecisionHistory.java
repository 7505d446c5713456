package io.kelpie.controller.view;

import io.kelpie.proto.v1.Decision;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The decisions that were made on VMs before the present ones, in the leader's memory. A VM that was decided on once has
 * none here. Thread-safe.
 */
final class DecisionHistory {
    /** Decisions kept of one VM. */
    static final int PER_VM = 4;

    /** VMs of which any are kept; those whose decision changed longest ago are forgotten first. */
    static final int VMS_MAX = 10_000;

    private final Map<VmName, Deque<Decision>> former = new LinkedHashMap<>();

    /** Whether two decisions say the same, whenever they were made. */
    @SuppressWarnings("ReferenceEquality") // most often nothing was decided between two views of a VM
    static boolean isSame(Decision one, Decision other) {
        return one == other
                || one.toBuilder()
                        .clearAtMillis()
                        .build()
                        .equals(other.toBuilder().clearAtMillis().build());
    }

    /** The decision is not the present one any more. */
    synchronized void add(VmName vm, Decision decision) {
        Deque<Decision> decisions = former.remove(vm);
        if (decisions == null) {
            decisions = new ArrayDeque<>();
        }
        decisions.addFirst(decision);
        if (decisions.size() > PER_VM) {
            decisions.removeLast();
        }
        former.put(vm, decisions);
        if (former.size() > VMS_MAX) {
            former.remove(former.keySet().iterator().next());
        }
    }

    synchronized void forget(VmName vm) {
        former.remove(vm);
    }

    /** The latest first. */
    synchronized List<Decision> of(VmName vm) {
        Deque<Decision> decisions = former.get(vm);
        return decisions == null ? List.of() : List.copyOf(decisions);
    }
}
