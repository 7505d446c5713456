package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;

/** Looks for one thing that must never be. Says so by {@link Violations#found}. */
interface Checker {
    /** A guest's CPUs begin to run. */
    default void runs(SimMachine machine, InstanceId id, boolean leased) {}

    /** A hypervisor is gone. */
    default void ended(SimMachine machine, InstanceId id, boolean leased, Observer.End how) {}

    /** The store has changed. */
    default void stored(StoreView store) {}
}
