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
    /** It ended by itself with an error, was killed by somebody else or by a deadline, or was lost. */
    FAILED,
    /** The host refused the start. */
    START_REJECTED
}
