package io.kelpie.controller.view;

/** What operators see of the room that is kept for the loss of a host. Thread-safe. */
public final class FailoverView {
    private volatile int unprotectedVms;

    /** @param unprotected VMs that are to be started elsewhere if their host is lost, and could not */
    public void show(int unprotected) {
        unprotectedVms = unprotected;
    }

    /** VMs that are to be started elsewhere if their host is lost, and could not; 0 if no room is kept. */
    public int unprotectedVms() {
        return unprotectedVms;
    }
}
