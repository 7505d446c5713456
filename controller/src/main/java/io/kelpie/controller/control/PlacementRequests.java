package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.StoredWait;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.proto.v1.AvoidedHost;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.VmRecord;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/** What VMs ask for when they are placed, by their records. Pure. */
public final class PlacementRequests {
    private PlacementRequests() {}

    /**
     * What a VM asks for by its job's present spec.
     *
     * @param isShared whether a pool is seen by more hosts than one, by its name
     */
    public static PlacementRequest of(JobRecord job, VmRecord vm, Predicate<String> isShared, long nowMillis) {
        return of(Records.job(job), job, vm, isShared, nowMillis);
    }

    /** The same for a job that was read from its record before. */
    static PlacementRequest of(Job job, JobRecord jobRecord, VmRecord vm, Predicate<String> isShared, long nowMillis) {
        Optional<String> boundTo = Optional.empty();
        String boundDisk = "";
        if (vm.getKeptDisks()) {
            boundTo = Records.nonEmpty(vm.getStorageHostId());
            boundDisk = Records.keptDiskPools(jobRecord.getSpec().getVm()).keySet().stream()
                    .findFirst()
                    .orElse("");
        }
        Set<String> avoided = new LinkedHashSet<>();
        for (AvoidedHost host : vm.getAvoidedHostsList()) {
            if (!StoredWait.isOver(host.getSinceMillis(), host.getUntilMillis(), nowMillis)) {
                avoided.add(host.getHostId());
            }
        }
        return new PlacementRequest(
                UUID.fromString(vm.getVmId()),
                job.key(),
                vm.getOrdinal(),
                job.replicas(),
                job.priority(),
                job.shape(),
                job.rules(),
                boundTo,
                boundDisk,
                Records.nonEmpty(vm.getPreferredHostId()),
                avoided,
                HostLoss.willRestart(jobRecord.getSpec(), vm, isShared),
                vm.getReturning());
    }

    /** The same request, kept away from one host more. */
    static PlacementRequest avoiding(PlacementRequest request, String hostId) {
        Set<String> avoided = new LinkedHashSet<>(request.avoidedHosts());
        avoided.add(hostId);
        return request.avoiding(avoided);
    }
}
