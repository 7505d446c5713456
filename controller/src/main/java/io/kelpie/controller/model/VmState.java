package io.kelpie.controller.model;

/** Lifecycle states of a VM. Which follows which: {@code io.kelpie.controller.lifecycle.VmLifecycle}. */
public enum VmState {
    /** Waits for a place. */
    PENDING,
    /** Has a host; the start is not yet acknowledged. */
    PLACED,
    /** The host has accepted the start. */
    STARTING,
    /** The guest runs. */
    RUNNING,
    /** Moves between two hosts. */
    MIGRATING,
    /** Is being stopped because an operator asked. */
    STOPPING,
    /** Is being stopped in order to be placed again. */
    EVICTING,
    /** Is being stopped in order to be deleted. */
    DELETING,
    /** Does not run, by the operator's or the guest's will. */
    STOPPED,
    /** Does not run and is not tried again. */
    FAILED,
    /** Tombstone: gone when the host has acknowledged that the files are. */
    DELETED
}
