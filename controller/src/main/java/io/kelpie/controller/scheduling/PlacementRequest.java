package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.VmShape;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A VM that wants a place.
 *
 * @param vmId the VM
 * @param job its job
 * @param ordinal its number within the job, from 0
 * @param jobSize how many VMs the job has in all; 0 if that is not known
 * @param priority 0 to 100
 * @param shape what it asks for
 * @param rules where it may run
 * @param boundToHost the host that holds its kept disks, if any: it can run nowhere else. The space of the shape's pools
 *     is held there already and is part of what the host's view says is held, so it is not asked for again
 * @param boundDisk what is kept there, for messages, e.g. {@code root}; empty if not bound
 * @param preferredHost a host to take if it passes every rule
 * @param avoidedHosts hosts that refused a start lately
 * @param restartable whether it is started elsewhere if its host is lost, so that it needs a backup
 * @param returning whether it had a place and lost it by no wish of its operator: it may take room that is kept for the
 *     loss of a host
 */
public record PlacementRequest(
        UUID vmId,
        JobKey job,
        int ordinal,
        int jobSize,
        int priority,
        VmShape shape,
        PlacementRules rules,
        Optional<String> boundToHost,
        String boundDisk,
        Optional<String> preferredHost,
        Set<String> avoidedHosts,
        boolean restartable,
        boolean returning) {
    public PlacementRequest {
        avoidedHosts = Set.copyOf(avoidedHosts);
    }

    /** Of a VM that is bound to no host, prefers and avoids none, is restarted elsewhere and is placed the first time. */
    public static PlacementRequest of(
            UUID vmId, JobKey job, int ordinal, int jobSize, int priority, VmShape shape, PlacementRules rules) {
        return new PlacementRequest(
                vmId,
                job,
                ordinal,
                jobSize,
                priority,
                shape,
                rules,
                Optional.empty(),
                "",
                Optional.empty(),
                Set.of(),
                true,
                false);
    }

    /** The same, asked by another VM. */
    public PlacementRequest by(UUID otherVm, JobKey itsJob, int itsOrdinal) {
        return with(otherVm, itsJob, itsOrdinal, preferredHost, avoidedHosts, returning);
    }

    /** The same, with another host to take if it passes. */
    public PlacementRequest preferring(String hostId) {
        return preferring(Optional.of(hostId));
    }

    /** The same, with another host to take if it passes; empty: any host is as good as another. */
    public PlacementRequest preferring(Optional<String> hostId) {
        return with(vmId, job, ordinal, hostId, avoidedHosts, returning);
    }

    /** The same, kept away from these hosts and no others. */
    public PlacementRequest avoiding(Set<String> hostIds) {
        return with(vmId, job, ordinal, preferredHost, hostIds, returning);
    }

    /** The same of a VM that had a place before. */
    public PlacementRequest comingBack() {
        return with(vmId, job, ordinal, preferredHost, avoidedHosts, true);
    }

    /** The same of a VM that is to take no room that is kept for the loss of a host, even if it had a place before. */
    public PlacementRequest sparingKeptRoom() {
        return with(vmId, job, ordinal, preferredHost, avoidedHosts, false);
    }

    private PlacementRequest with(
            UUID otherVm,
            JobKey itsJob,
            int itsOrdinal,
            Optional<String> preferred,
            Set<String> avoided,
            boolean comesBack) {
        return new PlacementRequest(
                otherVm,
                itsJob,
                itsOrdinal,
                jobSize,
                priority,
                shape,
                rules,
                boundToHost,
                boundDisk,
                preferred,
                avoided,
                restartable,
                comesBack);
    }
}
