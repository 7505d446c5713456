package io.kelpie.controller.lifecycle;

import io.kelpie.controller.model.VmState;

/** Which VMs come back to a place that they had: they may take room that is kept for the loss of a host. Pure. */
public final class Returning {
    private Returning() {}

    /**
     * Whether a VM comes back after an event. So does one whose host was lost, whose instance ended and is restarted, or
     * that is evicted: it had a place and is without it by no wish of its operator. Not so a VM that has never had one,
     * or that its operator had stopped: it is like a new one. A refused start changes nothing: a new VM has not had the
     * place yet, and one that comes back goes on doing so. Who evicts a VM in favour of another says that it does not.
     *
     * @param former what was so before
     * @param from the state before the event
     * @param to the state after it
     */
    public static boolean after(boolean former, VmState from, VmEvent event, VmState to) {
        if (to != VmState.PENDING && to != VmState.EVICTING) {
            return former;
        }
        return switch (event) {
            case EVICT_REQUESTED -> true;
            case HOST_FENCED, EXITED_RESTART -> from != VmState.EVICTING || former;
            case START_REQUESTED -> from == VmState.STOPPING;
            case ACCEPTED,
                    PLACEMENT_COMMITTED,
                    START_ACCEPTED,
                    START_REJECTED,
                    GUEST_RUNNING,
                    EXITED_FINAL_CLEAN,
                    EXITED_FINAL_FAILED,
                    STOP_REQUESTED,
                    DELETE_REQUESTED,
                    MIGRATION_COMMITTED,
                    SWITCHOVER_COMMITTED,
                    MIGRATION_FAILED,
                    ATTEMPTS_EXHAUSTED,
                    DEADLINE_1,
                    DEADLINE_2,
                    DEADLINE_3 -> former;
        };
    }
}
