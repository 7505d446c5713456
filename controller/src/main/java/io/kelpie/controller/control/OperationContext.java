package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.Specs;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.Vm;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What an operator's change works on.
 *
 * @param cluster the working state
 * @param steps the lifecycle
 * @param pipeline takes units that come before the operation's own
 * @param fencing declares hosts fenced
 * @param leases what hosts are promised
 * @param orphans what becomes of instances that no record explains
 * @param controllers the set of controllers
 * @param freezes leases without an end
 * @param placement finds places
 * @param moves VMs that are stopped to be started elsewhere
 */
record OperationContext(
        ClusterEditor cluster,
        VmSteps steps,
        Consumer<Unit> pipeline,
        HostFencing fencing,
        Leases leases,
        Orphans orphans,
        ControllerRound controllers,
        FreezeRound freezes,
        PlacementRound placement,
        MoveRound moves) {
    /** A job that exists and is not on its way out. */
    JobEntry job(JobKey key) {
        JobEntry job = anyJob(key);
        if (job.record().getDeleting()) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE,
                    "job " + key + " is being deleted",
                    "wait until it is gone: kelpie wait --for=deleted job/" + key.name() + " -n " + key.namespace(),
                    Map.of("state", "DELETING"));
        }
        return job;
    }

    JobEntry anyJob(JobKey key) {
        return cluster.job(key).orElseThrow(() -> JobOperations.notFound(key));
    }

    VmEntry vm(String namespace, String name) {
        Optional<VmName> vmName = VmName.parse(namespace, name);
        Optional<JobEntry> job = vmName.flatMap(parsed -> cluster.job(parsed.job()));
        return vmName.flatMap(parsed -> job.map(found -> found.vms.get(parsed.ordinal())))
                .filter(vm -> vm.state() != VmState.DELETED)
                .orElseThrow(() -> VmOperations.notFound(namespace, name));
    }

    Job show(JobEntry job) {
        return Protos.job(
                job.record(), job.vms.values().stream().map(VmEntry::record).toList());
    }

    Vm show(VmEntry vm) {
        JobEntry job = cluster.jobOf(vm);
        Optional<HostEntry> host = cluster.host(vm.record().getHostId());
        return Protos.vm(
                new VmView(vm.name(), vm.record(), job.specOf(vm).getVm(), vm.observed, vm.pendingDecision),
                Specs.isOutdated(job.record(), vm.record()),
                host.map(HostEntry::name).orElse(""),
                host.map(found -> !found.ready).orElse(false));
    }
}
