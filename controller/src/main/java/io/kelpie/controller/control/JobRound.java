package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.reconcile.JobCorrection;
import io.kelpie.controller.reconcile.Reconciler;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VersionedSpec;
import io.kelpie.proto.v1.VmRecord;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Brings jobs to what their operators ask for: makes, deletes and restarts VMs. Belongs to the control thread. */
final class JobRound {
    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final RecoveryWatch recovery;
    private final Consumer<Unit> pipeline;

    JobRound(ClusterEditor cluster, VmSteps steps, RecoveryWatch recovery, Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.steps = steps;
        this.recovery = recovery;
        this.pipeline = pipeline;
    }

    /** Looks at every job that may differ from its spec. */
    void reconcile() {
        for (JobEntry job : cluster.takeJobsToReconcile()) {
            List<Vm> vms =
                    job.vms.values().stream().map(vm -> Records.vm(vm.record())).toList();
            for (JobCorrection correction : Reconciler.job(job.job(), vms)) {
                if (recovery.isOn() && !(correction instanceof JobCorrection.CreateVm)) {
                    continue; // nothing is stopped by records that may be old; found again when they are not
                }
                Unit unit = new Unit();
                carryOut(correction, job, unit);
                pipeline.accept(unit);
            }
            dropUnusedSpecs(job);
        }
    }

    private void carryOut(JobCorrection correction, JobEntry job, Unit unit) {
        if (correction instanceof JobCorrection.CreateVm create) {
            cluster.createVm(
                    job,
                    VmRecord.newBuilder()
                            .setVmId(create.vmId().toString())
                            .setJobUid(job.record().getJobUid())
                            .setNamespace(job.key().namespace())
                            .setJob(job.key().name())
                            .setOrdinal(create.ordinal())
                            .setState(io.kelpie.proto.v1.VmState.VM_STATE_PENDING)
                            .setIncarnation(create.incarnation())
                            .setSpecVersion(job.record().getVersion())
                            .setRestartSerial(job.record().getRestartSerial())
                            .setStateSinceMillis(cluster.nowMillis())
                            .build(),
                    unit);
        } else if (correction instanceof JobCorrection.DeleteVm delete) {
            cluster.vm(delete.vmId()).ifPresent(vm -> delete(vm, job, unit));
        } else if (correction instanceof JobCorrection.RestartVm restart) {
            cluster.vm(restart.vmId())
                    .ifPresent(vm -> evict(vm, steps, "Restarting", "its job is being restarted", unit));
        } else if (correction instanceof JobCorrection.RemoveJob) {
            cluster.removeJob(job, unit);
            unit.then(() -> cluster.events().add(job.subject(), "Deleted", "job " + job.key() + " is gone"));
        }
    }

    private void delete(VmEntry vm, JobEntry job, Unit unit) {
        if (vm.record().getHostId().isEmpty() && vm.record().getStorageHostId().isEmpty()) {
            // Nothing of it was ever on a host: no tombstone is needed.
            cluster.removeVm(vm, unit);
            return;
        }
        boolean deleteDisks = job.record().getDeleteDisks();
        steps.apply(
                vm,
                VmEvent.DELETE_REQUESTED,
                record -> record.setDeleteDisks(deleteDisks),
                "Deleting",
                "the VM is not wanted any more",
                unit);
    }

    /** A restart is an eviction that prefers the same host. */
    static boolean evict(VmEntry vm, VmSteps steps, String type, String message, Unit unit) {
        return steps.apply(
                vm,
                VmEvent.EVICT_REQUESTED,
                record -> record.setPreferredHostId(record.getHostId())
                        .setNotBeforeMillis(0)
                        .clearFailedAtMillis(),
                type,
                message,
                unit);
    }

    /** Earlier specs are kept as long as an instance runs them. */
    private void dropUnusedSpecs(JobEntry job) {
        if (job.record().getEarlierSpecsCount() == 0 || cluster.job(job.key()).isEmpty()) {
            return;
        }
        Set<JobSpec> used = Collections.newSetFromMap(new IdentityHashMap<>());
        job.vms.values().forEach(vm -> used.add(job.specOf(vm)));
        List<VersionedSpec> kept = job.record().getEarlierSpecsList().stream()
                .filter(earlier -> used.contains(earlier.getSpec()))
                .toList();
        if (kept.size() < job.record().getEarlierSpecsCount()) {
            Unit unit = new Unit();
            JobRecord record = job.record().toBuilder()
                    .clearEarlierSpecs()
                    .addAllEarlierSpecs(kept)
                    .build();
            cluster.putJob(job, record, unit);
            pipeline.accept(unit);
        }
    }
}
