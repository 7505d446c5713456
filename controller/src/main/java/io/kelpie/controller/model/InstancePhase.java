package io.kelpie.controller.model;

/** Where an instance is on its way, as its host reports it. */
public enum InstancePhase {
    /** Accepted; images and disks are being made. */
    PREPARING,
    /** The hypervisor is being started. */
    STARTING,
    /** The guest runs. */
    RUNNING,
    /** It is being stopped. */
    STOPPING,
    /** It has ended. */
    EXITED,
    /** It was refused before a hypervisor ran. */
    REJECTED;

    /** Whether nothing of the instance runs, or can still come to run, on its host. */
    public boolean hasEnded() {
        return switch (this) {
            case EXITED, REJECTED -> true;
            case PREPARING, STARTING, RUNNING, STOPPING -> false;
        };
    }
}
