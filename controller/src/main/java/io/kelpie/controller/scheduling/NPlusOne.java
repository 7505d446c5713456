package io.kelpie.controller.scheduling;

/** What is asked of a cluster so that it can restart the VMs of any one host that is lost. */
public enum NPlusOne {
    /** Nothing. */
    OFF,
    /**
     * Room is kept as long as there is some to spare: a VM goes where it takes none of it and has a backup itself. If
     * there is no such host it goes anywhere, and the VMs without a backup are told.
     */
    WARN,
    /** As {@link #WARN}, but a new VM waits if there is no such host. */
    ENFORCE
}
