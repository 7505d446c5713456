package io.kelpie.controller.reconcile;

import java.util.UUID;

/** One thing to do so that a job becomes what its operator asks for. */
public sealed interface JobCorrection {
    /**
     * Make the VM of an ordinal that has no record: {@code ACCEPTED}.
     *
     * @param vmId the new VM's UUID
     * @param ordinal its number
     * @param incarnation of its first instance
     */
    record CreateVm(UUID vmId, int ordinal, long incarnation) implements JobCorrection {}

    /** Delete a VM that is not wanted any more: {@code DELETE_REQUESTED}. */
    record DeleteVm(UUID vmId) implements JobCorrection {}

    /** Restart a running VM, as a rolling restart asks: {@code EVICT_REQUESTED}, preferring the same host. */
    record RestartVm(UUID vmId) implements JobCorrection {}

    /** Remove the record of a job that is being deleted and has no VM left. */
    record RemoveJob(UUID jobUid) implements JobCorrection {}
}
