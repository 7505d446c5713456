package io.kelpie.controller.lifecycle;

/** What can happen to a VM, of its present incarnation. */
public enum VmEvent {
    ACCEPTED,
    PLACEMENT_COMMITTED,
    START_ACCEPTED,
    START_REJECTED,
    GUEST_RUNNING,
    /** The instance ended and the restart policy starts another. */
    EXITED_RESTART,
    /** The instance ended cleanly and the restart policy starts no other. */
    EXITED_FINAL_CLEAN,
    /** The instance failed and the restart policy starts no other. */
    EXITED_FINAL_FAILED,
    HOST_FENCED,
    ATTEMPTS_EXHAUSTED,
    START_REQUESTED,
    STOP_REQUESTED,
    EVICT_REQUESTED,
    DELETE_REQUESTED,
    MIGRATION_COMMITTED,
    SWITCHOVER_COMMITTED,
    MIGRATION_FAILED,
    DEADLINE_1,
    DEADLINE_2,
    DEADLINE_3
}
