package io.kelpie.controller.control;

import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ForgetInstance;
import io.kelpie.proto.v1.KillInstance;
import io.kelpie.proto.v1.StartInstance;
import io.kelpie.proto.v1.StopInstance;
import java.util.OptionalLong;
import java.util.UUID;

/** Commands to agents, each made from a committed record. */
final class Commands {
    private final long epoch;

    Commands(long epoch) {
        this.epoch = epoch;
    }

    /** A start as of now; the lineage is added when it is sent, see {@link #under}. */
    Command start(VmEntry vm, JobEntry job) {
        return of(vm.id(), vm.record().getIncarnation(), vm.version())
                .setStart(StartInstance.newBuilder()
                        .setVmName(vm.name().name())
                        .setJob(vm.name().job().name())
                        .setNamespace(vm.name().job().namespace())
                        .setSpecVersion(vm.record().getSpecVersion())
                        .setTemplate(job.specOf(vm).getVm())
                        .addAllNumaNodes(vm.record().getReservation().getNumaNodesList())
                        .setLeased(vm.record().getLeased()))
                .build();
    }

    /** A start under the lineage that the host was granted. */
    static ConnectResponse under(Command start, OptionalLong lineage) {
        return ConnectResponse.newBuilder()
                .setCommand(start.toBuilder().setLineage(lineage.orElse(0)))
                .build();
    }

    ConnectResponse stop(VmEntry vm, JobEntry job) {
        return wrap(of(vm.id(), vm.record().getIncarnation(), vm.version())
                .setStop(StopInstance.newBuilder().setGraceSeconds(graceSeconds(vm, job))));
    }

    ConnectResponse kill(UUID vmId, long incarnation, long sequence) {
        return wrap(of(vmId, incarnation, sequence).setKill(KillInstance.getDefaultInstance()));
    }

    /** The VM goes on as a later instance or elsewhere. */
    ConnectResponse forgetInstance(UUID vmId, long incarnation, long sequence) {
        return wrap(of(vmId, incarnation, sequence)
                .setForget(ForgetInstance.newBuilder().setInstanceOnly(true)));
    }

    /** No record explains the instance: all of it goes but kept disks. */
    ConnectResponse forgetUnknown(UUID vmId, long incarnation) {
        return wrap(of(vmId, incarnation, 0).setForget(ForgetInstance.getDefaultInstance()));
    }

    /** The VM is deleted. */
    ConnectResponse forgetVm(VmEntry vm) {
        return wrap(of(vm.id(), vm.record().getIncarnation(), vm.version())
                .setForget(
                        ForgetInstance.newBuilder().setDeleteDisks(vm.record().getDeleteDisks())));
    }

    static int graceSeconds(VmEntry vm, JobEntry job) {
        return job.specOf(vm).getVm().getStop().getGraceSeconds();
    }

    private Command.Builder of(UUID vmId, long incarnation, long sequence) {
        return Command.newBuilder()
                .setEpoch(epoch)
                .setVmId(vmId.toString())
                .setIncarnation(incarnation)
                .setSequence(sequence);
    }

    private static ConnectResponse wrap(Command.Builder command) {
        return ConnectResponse.newBuilder().setCommand(command).build();
    }
}
