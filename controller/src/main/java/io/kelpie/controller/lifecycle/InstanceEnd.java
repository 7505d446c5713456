package io.kelpie.controller.lifecycle;

/** How an instance ended, as far as the restart policy cares. */
public enum InstanceEnd {
    /** The guest shut itself down. */
    CLEAN,
    /**
     * The controller's stop ended it, on an operator's wish: the VM was STOPPING, EVICTING or DELETING. A kill because a
     * start took too long is FAILED.
     */
    COMMANDED,
    /** It ended by itself with an error, was or was killed by somebody else or by a deadline. */
    FAILED,
    /**
     * Its host's lease ended, and the instance with it: the loss of a host, not of the VM. What follows is a matter of the
     * job's {@code onHostFailure}, which was {@code restart}; its restart policy speaks of the guest's own ends.
     */
    LEASE_ENDED,
    /**
     * Its host does not know what became of it, as after a loss of power: the loss of a host, not of the VM. Not at once, as
     * nothing else slows down a host that loses what it runs again and again.
     */
    LOST,
    /** The host refused the start. */
    START_REJECTED
}
