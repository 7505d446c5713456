package io.kelpie.controller.replay;

/**
 * An engine that places the VMs of a trace one by one, knowing nothing of those still to come. It keeps its own books of
 * the pool that it was opened for. Used by one thread; deterministic: the same pool, rules and calls give the same
 * answers.
 */
public interface Placements {
    /**
     * Finds a place for a VM and takes the room. A rejected VM leaves no trace in the books: it is no member of its group
     * and is not asked for again.
     *
     * @param vm a VM that is not placed now
     */
    Placement place(ReplayVm vm);

    /**
     * Gives back the room of a VM, which is then no member of its group any more.
     *
     * @param vm a VM that is placed now
     */
    void remove(ReplayVm vm);

    /** Opens engines. Each has books of its own, in which all hosts of the pool are as free as the pool says. */
    @FunctionalInterface
    interface Factory {
        Placements open(ReplayPool pool, ReplayRules rules);
    }
}
