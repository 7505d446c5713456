package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.view.VmName;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.ResolveOrphanResponse;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.Map;
import java.util.UUID;

/** Operators' decisions on instances that no record explains. The requests must have passed validation. */
public final class OrphanOperations {
    private OrphanOperations() {}

    /** Kills an orphan, or makes it the present instance of the VM of its name. */
    public static Operation resolve(ResolveOrphanRequest request) {
        return (context, unit) -> {
            ClusterEditor cluster = context.cluster();
            HostEntry host =
                    cluster.hostByName(request.getHost()).orElseThrow(() -> HostOperations.notFound(request.getHost()));
            HostEntry.InstanceKey key =
                    new HostEntry.InstanceKey(UUID.fromString(request.getVmId()), request.getIncarnation());
            InstanceReport report = host.instances.get(key);
            if (report == null || !host.orphans.containsKey(key)) {
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_NO_INSTANCE,
                        "host " + host.name() + " has no orphan " + request.getVmId() + " with incarnation "
                                + request.getIncarnation(),
                        "see what there is with: kelpie get orphans",
                        Map.of("host", host.name()));
            }
            if (host.session == null) {
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_HOST_UNREACHABLE,
                        "host " + host.name() + " is not connected",
                        "look at its agent: kelpie describe host " + host.name(),
                        Map.of("host", host.name()));
            }
            switch (request.getAction()) {
                case ORPHAN_ACTION_KILL -> kill(context, host, key, unit);
                case ORPHAN_ACTION_ADOPT -> adopt(context, host, key, report, unit);
                case ORPHAN_ACTION_UNSPECIFIED, UNRECOGNIZED ->
                    throw KelpieException.invalidField("action", "is missing", "give KILL or ADOPT");
            }
            return ResolveOrphanResponse.getDefaultInstance();
        };
    }

    private static void kill(OperationContext context, HostEntry host, HostEntry.InstanceKey key, Unit unit) {
        host.condemned.add(key);
        unit.then(() -> {
            context.orphans().end(host, key);
            context.cluster()
                    .events()
                    .add(
                            host.subject(),
                            "OrphanKilled",
                            "an operator has ended instance " + key.incarnation() + " of VM " + key.vmId());
        });
    }

    private static void adopt(
            OperationContext context, HostEntry host, HostEntry.InstanceKey key, InstanceReport report, Unit unit) {
        ClusterEditor cluster = context.cluster();
        if (!host.isLive(key)) {
            throw wrongState("the instance has ended", "remove what is left of it: kelpie orphans kill");
        }
        VmEntry vm = cluster.vm(key.vmId()).orElse(null);
        if (vm == null) {
            vm = replace(context, key, report, unit);
        } else {
            requireNoInstance(vm);
            if (key.incarnation() < vm.record().getIncarnation()) {
                throw wrongState(
                        "the VM is at incarnation " + vm.record().getIncarnation() + " already, which is above "
                                + key.incarnation(),
                        "kill the orphan, and the VM is started anew: kelpie orphans kill");
            }
        }
        host.condemned.remove(key);
        context.orphans().adopt(host, vm, report, unit);
    }

    /** Puts a VM of the orphan's id in the place of the one of its name, of which no instance was ever started. */
    private static VmEntry replace(
            OperationContext context, HostEntry.InstanceKey key, InstanceReport report, Unit unit) {
        ClusterEditor cluster = context.cluster();
        VmName name = VmName.parse(report.getNamespace(), report.getVmName())
                .filter(parsed -> parsed.job().equals(new JobKey(report.getNamespace(), report.getJob())))
                .orElseThrow(() -> wrongState(
                        "its host does not say of which job it is",
                        "kill it, or bring its VM back by a restore of a backup"));
        JobEntry job = context.job(name.job());
        if (name.ordinal() >= job.record().getSpec().getReplicas()) {
            throw wrongState(
                    "job " + name.job() + " has " + job.record().getSpec().getReplicas() + " replicas, so it has no VM "
                            + name.name(),
                    "kelpie scale job " + name.job().name() + " " + (name.ordinal() + 1) + " -n "
                            + name.job().namespace() + ", then adopt it");
        }
        VmEntry former = job.vms.get(name.ordinal());
        if (former != null) {
            requireNoInstance(former);
            if (!former.record().getStorageHostId().isEmpty()) {
                throw wrongState(
                        "VM " + name.name() + " has files of its own on another instance's host",
                        "scale the job down and up again to remove them, then adopt the orphan");
            }
            cluster.removeVm(former, unit);
        }
        return cluster.createVm(
                job,
                VmRecord.newBuilder()
                        .setVmId(key.vmId().toString())
                        .setJobUid(job.record().getJobUid())
                        .setNamespace(name.job().namespace())
                        .setJob(name.job().name())
                        .setOrdinal(name.ordinal())
                        .setState(VmState.VM_STATE_PENDING)
                        .setIncarnation(key.incarnation())
                        .setSpecVersion(job.record().getVersion())
                        .setStateSinceMillis(cluster.nowMillis())
                        .build(),
                unit);
    }

    private static void requireNoInstance(VmEntry vm) {
        switch (vm.state()) {
            case PENDING, STOPPED, FAILED -> {}
            case PLACED, STARTING, RUNNING, MIGRATING, STOPPING, EVICTING, DELETING, DELETED ->
                throw wrongState(
                        "VM " + vm.name() + " has an instance of its own: it is " + vm.state(),
                        "kill the orphan, or stop the VM first: kelpie stop vm "
                                + vm.name().name());
        }
    }

    private static KelpieException wrongState(String why, String fix) {
        return new KelpieException(ErrorReason.ERROR_REASON_WRONG_STATE, "it cannot be adopted: " + why, fix);
    }
}
