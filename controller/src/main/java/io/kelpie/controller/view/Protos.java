package io.kelpie.controller.view;

import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.MoveProgress;
import io.kelpie.proto.v1.StateCount;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** From views to what operators get. */
public final class Protos {
    private static final String STATE_PREFIX = "VM_STATE_";

    private Protos() {}

    /** A VM as the read model has it. */
    public static Vm vm(VmView view, ReadModel model) {
        Optional<JobView> job = model.job(view.name().job());
        Optional<HostInfo> host = model.host(view.record().getHostId());
        return vm(
                view,
                job.map(found -> Specs.isOutdated(found.record(), view.record()))
                        .orElse(false),
                host.map(found -> found.record().getName()).orElse(""),
                host.map(found -> found.health() != HostHealth.HOST_HEALTH_READY)
                        .orElse(false));
    }

    /** A VM of which all is known. */
    public static Vm vm(VmView view, boolean outdated, String hostName, boolean hostUnreachable) {
        Vm.Builder vm = Vm.newBuilder()
                .setName(view.name().name())
                .setRecord(view.record())
                .setHostName(hostName)
                .setOutdated(outdated)
                .setHostUnreachable(hostUnreachable)
                .setTemplate(view.template());
        if (view.observed() != null) {
            vm.setObserved(view.observed());
        }
        if (view.pendingDecision() != null) {
            vm.setPendingDecision(view.pendingDecision());
        }
        return vm.build();
    }

    /** A job and its VMs' states. */
    public static Job job(JobRecord record, Collection<VmRecord> vms) {
        Map<VmState, Integer> counts = new TreeMap<>();
        int outdated = 0;
        for (VmRecord vm : vms) {
            counts.merge(vm.getState(), 1, Integer::sum);
            if (Specs.isOutdated(record, vm)) {
                outdated++;
            }
        }
        Job.Builder job = Job.newBuilder()
                .setJobUid(record.getJobUid())
                .setSpec(record.getSpec())
                .setVersion(record.getVersion())
                .setDeleting(record.getDeleting())
                .setCreatedAtMillis(record.getCreatedAtMillis())
                .setOutdated(outdated);
        counts.forEach((state, count) -> job.addVmCounts(StateCount.newBuilder()
                .setState(state.name().substring(STATE_PREFIX.length()))
                .setCount(count)));
        return job.build();
    }

    /** How far moves are. */
    public static MoveProgress moves(MovesView.Progress moves) {
        return MoveProgress.newBuilder()
                .setWhat(moves.what())
                .setTotal(moves.total())
                .setDone(moves.done())
                .setUnderWay(moves.underWay())
                .setLeft(moves.left())
                .build();
    }

    public static Host host(HostInfo info) {
        return Host.newBuilder()
                .setRecord(info.record())
                .setCapabilities(info.capabilities())
                .setHealth(info.health())
                .setHealthSinceMillis(info.healthSinceMillis())
                .setHealthReason(info.healthReason())
                .setReserved(info.reserved())
                .setInstances(info.instances())
                .setAgentVersion(info.agentVersion())
                .setNextStep(info.nextStep())
                .setNextStepAtMillis(info.nextStepAtMillis())
                .setLeasedInstances(info.leasedInstances())
                .setLeased(info.leased())
                .build();
    }
}
