package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.lifecycle.Transition;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlJobResponse;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import io.kelpie.proto.v1.VersionedSpec;
import java.util.Map;
import java.util.UUID;

/** Operators' changes of jobs. The requests must have passed validation. */
public final class JobOperations {
    /** Room that a job's record leaves for the other writes of its batch, in bytes. */
    private static final int MAX_RECORD_BYTES = WriteBatch.MAX_BYTES - 64 * 1024;

    private JobOperations() {}

    /** No job has the key. */
    public static KelpieException notFound(JobKey key) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_JOB_NOT_FOUND,
                "job " + QuotedText.of(key.toString()) + " does not exist",
                "see what there is with: kelpie get jobs -A",
                Map.of("job", key.name(), "namespace", key.namespace()));
    }

    /**
     * Makes or changes a job.
     *
     * @param jobUid of the job, if it is new
     */
    public static Operation apply(ApplyJobRequest request, UUID jobUid) {
        return (context, unit) -> {
            JobKey key = Records.jobKey(request.getSpec());
            JobEntry job = context.cluster().job(key).orElse(null);
            return job == null
                    ? create(context, request, jobUid, unit)
                    : change(context, context.job(key), request, unit);
        };
    }

    private static ApplyJobResponse create(OperationContext context, ApplyJobRequest request, UUID jobUid, Unit unit) {
        if (request.getExpectedVersion() != 0) {
            throw versionConflict(Records.jobKey(request.getSpec()), request.getExpectedVersion(), 0);
        }
        HostFailureRule.check(request.getSpec(), context.cluster().hosts());
        JobEntry job = context.cluster()
                .createJob(
                        JobRecord.newBuilder()
                                .setJobUid(jobUid.toString())
                                .setSpec(request.getSpec())
                                .setVersion(1)
                                .setCreatedAtMillis(context.cluster().nowMillis())
                                .build(),
                        unit);
        unit.then(() -> context.cluster()
                .events()
                .add(
                        job.subject(),
                        "Accepted",
                        "job accepted with " + request.getSpec().getReplicas() + " replicas"));
        return ApplyJobResponse.newBuilder()
                .setJob(context.show(job))
                .setOutcome(ApplyJobResponse.Outcome.OUTCOME_CREATED)
                .build();
    }

    private static ApplyJobResponse change(OperationContext context, JobEntry job, ApplyJobRequest request, Unit unit) {
        long version = job.record().getVersion();
        if (request.getExpectedVersion() != 0 && request.getExpectedVersion() != version) {
            throw versionConflict(job.key(), request.getExpectedVersion(), version);
        }
        ApplyJobResponse.Builder response = ApplyJobResponse.newBuilder();
        if (job.record().getSpec().equals(request.getSpec())) {
            return response.setJob(context.show(job))
                    .setOutcome(ApplyJobResponse.Outcome.OUTCOME_UNCHANGED)
                    .build();
        }
        HostFailureRule.check(request.getSpec(), context.cluster().hosts());
        putSpec(context, job, request.getSpec(), unit);
        int outdated = context.show(job).getOutdated();
        if (outdated > 0) {
            response.addNotes(
                    outdated + " VMs keep running the former spec until they are restarted: kelpie restart job/"
                            + job.key().name() + " -n " + job.key().namespace());
        }
        return response.setJob(context.show(job))
                .setOutcome(ApplyJobResponse.Outcome.OUTCOME_UPDATED)
                .build();
    }

    private static void putSpec(OperationContext context, JobEntry job, JobSpec spec, Unit unit) {
        JobRecord former = job.record();
        JobRecord.Builder next = former.toBuilder().setSpec(spec).setVersion(former.getVersion() + 1);
        if (!former.getSpec().getVm().equals(spec.getVm())) {
            next.addEarlierSpecs(
                    VersionedSpec.newBuilder().setVersion(former.getVersion()).setSpec(former.getSpec()));
        }
        JobRecord record = next.build();
        if (record.getSerializedSize() > MAX_RECORD_BYTES) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE,
                    "job " + job.key() + " has running VMs at " + former.getEarlierSpecsCount()
                            + " earlier specs, which no longer fit into its record",
                    "restart them first:"
                            + " kelpie restart job/" + job.key().name() + " -n "
                            + job.key().namespace(),
                    Map.of("state", "OUTDATED"));
        }
        context.cluster().putJob(job, record, unit);
        unit.then(() -> context.cluster()
                .events()
                .add(
                        job.subject(),
                        "Changed",
                        "spec is now version " + record.getVersion() + " with " + spec.getReplicas() + " replicas"));
    }

    private static KelpieException versionConflict(JobKey key, long expected, long actual) {
        String found = actual == 0 ? "it does not exist" : "it is at version " + actual;
        return new KelpieException(
                ErrorReason.ERROR_REASON_VERSION_CONFLICT,
                "job " + key + " was expected at version " + expected + ", but " + found,
                "look at what changed (kelpie describe job " + key.name() + ") and apply again",
                Map.of("expected", String.valueOf(expected), "actual", String.valueOf(actual)));
    }

    /** Changes the count of replicas. */
    public static Operation scale(ScaleJobRequest request) {
        return (context, unit) -> {
            JobEntry job = context.job(new JobKey(request.getNamespace(), request.getName()));
            if (job.record().getSpec().getReplicas() != request.getReplicas()) {
                JobSpec spec = job.record().getSpec().toBuilder()
                        .setReplicas(request.getReplicas())
                        .build();
                putSpec(context, job, spec, unit);
            }
            return ScaleJobResponse.newBuilder().setJob(context.show(job)).build();
        };
    }

    /** Stops, starts or restarts all VMs of a job. */
    public static Operation control(ControlJobRequest request) {
        return (context, unit) -> {
            JobEntry job = context.job(new JobKey(request.getNamespace(), request.getName()));
            int affected = switch (request.getAction()) {
                case CONTROL_ACTION_STOP, CONTROL_ACTION_START -> controlEach(context, job, request.getAction());
                case CONTROL_ACTION_RESTART -> restart(context, job, Math.max(1, request.getMaxUnavailable()), unit);
                case CONTROL_ACTION_UNSPECIFIED, UNRECOGNIZED ->
                    throw KelpieException.invalidField("action", "is missing", "give STOP, START or RESTART");
            };
            return ControlJobResponse.newBuilder()
                    .setJob(context.show(job))
                    .setAffected(affected)
                    .build();
        };
    }

    /** Each VM is a unit of its own: 10,000 of them do not fit into one batch. A repetition finds the rest undone. */
    private static int controlEach(OperationContext context, JobEntry job, ControlAction action) {
        int affected = 0;
        for (VmEntry vm : java.util.List.copyOf(job.vms.values())) {
            VmEvent event =
                    action == ControlAction.CONTROL_ACTION_STOP ? VmEvent.STOP_REQUESTED : VmEvent.START_REQUESTED;
            if (context.steps().peek(vm, event) instanceof Transition.Taken) {
                Unit unit = new Unit();
                VmOperations.request(context, vm, action, unit);
                context.pipeline().accept(unit);
                affected++;
            }
        }
        return affected;
    }

    private static int restart(OperationContext context, JobEntry job, int maxUnavailable, Unit unit) {
        JobRecord record = job.record().toBuilder()
                .setRestartSerial(job.record().getRestartSerial() + 1)
                .setRestartMaxUnavailable(maxUnavailable)
                .build();
        context.cluster().putJob(job, record, unit);
        return (int) job.vms.values().stream()
                .filter(vm -> vm.state() == VmState.RUNNING)
                .count();
    }

    /** Deletes a job and its VMs. */
    public static Operation delete(DeleteJobRequest request) {
        return (context, unit) -> {
            JobEntry job = context.anyJob(new JobKey(request.getNamespace(), request.getName()));
            if (!job.record().getDeleting()) {
                JobRecord record = job.record().toBuilder()
                        .setDeleting(true)
                        .setDeleteDisks(request.getDeleteDisks())
                        .build();
                context.cluster().putJob(job, record, unit);
            }
            DeleteJobResponse.Builder response = DeleteJobResponse.newBuilder();
            if (!job.record().getDeleteDisks()) {
                job.vms.values().stream()
                        .filter(vm -> vm.record().getKeptDisks())
                        .forEach(vm -> keptDisks(context, job, vm, response));
            }
            return response.build();
        };
    }

    private static void keptDisks(
            OperationContext context, JobEntry job, VmEntry vm, DeleteJobResponse.Builder response) {
        String hostId = vm.record().getStorageHostId();
        String host = context.cluster().host(hostId).map(HostEntry::name).orElse(hostId);
        Records.keptDiskPools(job.specOf(vm).getVm())
                .keySet()
                .forEach(disk -> response.addKeptDisks(host + ": " + vm.name().name() + "/" + disk));
    }
}
