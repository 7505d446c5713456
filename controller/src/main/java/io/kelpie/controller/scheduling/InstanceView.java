package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * An instance that holds something of a host, as placement sees it.
 *
 * @param vmId its VM
 * @param hostId its host
 * @param job its job
 * @param ordinal its number within the job
 * @param priority 0 to 100
 * @param jobSize how many VMs the job has in all; 0 if that is not known
 * @param shape what it asked for
 * @param rules of its job
 * @param held what it holds; part of the host's {@code held}
 * @param sinceMillis when it was placed, in milliseconds since 1970
 * @param restartable whether it is started elsewhere if its host is lost
 * @param backupHost id of the host that it was to be started on then, if that is known: taken again if it still will do
 */
public record InstanceView(
        UUID vmId,
        String hostId,
        JobKey job,
        int ordinal,
        int jobSize,
        int priority,
        VmShape shape,
        PlacementRules rules,
        Reservation held,
        long sinceMillis,
        boolean restartable,
        Optional<String> backupHost) {
    /**
     * A VM that got the place it asked for; without backup.
     *
     * @param numaNodes the host's NUMA nodes that carry it
     */
    public static InstanceView of(PlacementRequest request, String hostId, List<Integer> numaNodes, long sinceMillis) {
        return new InstanceView(
                request.vmId(),
                hostId,
                request.job(),
                request.ordinal(),
                request.jobSize(),
                request.priority(),
                request.shape(),
                request.rules(),
                Reservation.of(request.shape()).on(numaNodes),
                sinceMillis,
                request.restartable(),
                Optional.empty());
    }

    /** The VM, which comes back, asks for a place anew, for the same as it holds now, and is bound to no host. */
    public PlacementRequest again() {
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
                restartable,
                true);
    }

    /** The same, with another backup; empty: it has none. */
    public InstanceView backedUpOn(Optional<String> hostId) {
        return backupHost.equals(hostId)
                ? this
                : new InstanceView(
                        vmId,
                        this.hostId,
                        job,
                        ordinal,
                        jobSize,
                        priority,
                        shape,
                        rules,
                        held,
                        sinceMillis,
                        restartable,
                        hostId);
    }
}
