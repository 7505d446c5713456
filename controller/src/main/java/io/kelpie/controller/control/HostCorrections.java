package io.kelpie.controller.control;

import io.kelpie.controller.model.InstancePhase;
import io.kelpie.controller.model.ObservedInstance;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.reconcile.HostCorrection;
import io.kelpie.controller.reconcile.Reconciler;
import io.kelpie.controller.reconcile.Recovery;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.InstanceReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Brings a host's instances and the records together: compares what a host has said with what is recorded, and does what
 * follows. Belongs to the control thread.
 */
final class HostCorrections {
    private final ClusterEditor cluster;
    private final Commands commands;
    private final VmSteps steps;
    private final InstanceReports reports;
    private final RecoveryWatch recovery;
    private final Adoption adoption;
    private final Orphans orphans;

    HostCorrections(
            ClusterEditor cluster,
            Commands commands,
            VmSteps steps,
            InstanceReports reports,
            RecoveryWatch recovery,
            Adoption adoption,
            Orphans orphans) {
        this.cluster = cluster;
        this.commands = commands;
        this.steps = steps;
        this.reports = reports;
        this.recovery = recovery;
        this.adoption = adoption;
        this.orphans = orphans;
    }

    /** Compares all that a host has: what is recorded of it and absent there is lost, or still to come. */
    void compare(HostEntry host, List<InstanceReport> instances, Unit unit) {
        Map<HostEntry.InstanceKey, InstanceReport> byKey = new HashMap<>();
        List<ObservedInstance> observed = new ArrayList<>();
        for (InstanceReport report : instances) {
            byKey.put(HostEntry.InstanceKey.of(report), report);
            observed.add(observed(report));
        }
        List<VmEntry> here =
                host.held().stream().flatMap(id -> cluster.vm(id).stream()).toList();
        List<Vm> ofHost = here.stream().map(vm -> Records.vm(vm.record())).toList();
        for (HostCorrection correction : corrections(host, observed, ofHost)) {
            InstanceReport report = instanceOf(correction)
                    .map(instance -> byKey.get(new HostEntry.InstanceKey(instance.vmId(), instance.incarnation())))
                    .orElse(InstanceReport.getDefaultInstance());
            correct(host, correction, report, unit);
        }
        List.copyOf(cluster.withSpared()).forEach(vm -> adoption.dropSpared(host, vm, unit));
        // A kill may have been lost with the stream before.
        host.condemned.stream()
                .filter(key -> host.orphans.containsKey(key) && host.isLive(key))
                .forEach(key -> unit.then(() -> orphans.end(host, key)));
    }

    /** Compares one instance, which has changed. */
    void changed(HostEntry host, InstanceReport report, Unit unit) {
        for (HostCorrection correction : corrections(host, List.of(observed(report)), List.of())) {
            correct(host, correction, report, unit);
        }
        cluster.vm(UUID.fromString(report.getVmId()))
                .filter(vm -> vm.record().getSparedCount() > 0)
                .ifPresent(vm -> adoption.dropSpared(host, vm, unit));
    }

    private static Optional<ObservedInstance> instanceOf(HostCorrection correction) {
        if (correction instanceof HostCorrection.Report report) {
            return Optional.of(report.instance());
        }
        if (correction instanceof HostCorrection.Adopt adopt) {
            return Optional.of(adopt.instance());
        }
        return correction instanceof HostCorrection.KeepOrphan orphan
                ? Optional.of(orphan.instance())
                : Optional.empty();
    }

    private List<HostCorrection> corrections(HostEntry host, List<ObservedInstance> observed, List<Vm> ofHost) {
        List<HostCorrection> corrections = Reconciler.host(host.id(), observed, this::known, ofHost);
        return recovery.isOn()
                ? Recovery.temper(corrections, this::known)
                : Recovery.keepSpared(corrections, observed, (vmId, incarnation) -> isSpared(host, vmId, incarnation));
    }

    private boolean isSpared(HostEntry host, UUID vmId, long incarnation) {
        return cluster.vm(vmId)
                .map(vm -> vm.record().getSparedList().stream()
                        .anyMatch(spared ->
                                spared.getHostId().equals(host.id()) && spared.getIncarnation() == incarnation))
                .orElse(false);
    }

    private void correct(HostEntry host, HostCorrection correction, InstanceReport report, Unit unit) {
        VmEntry vm = cluster.vm(correction.vmId()).orElse(null);
        if (correction instanceof HostCorrection.KeepOrphan orphan) {
            HostEntry.InstanceKey key =
                    new HostEntry.InstanceKey(orphan.vmId(), orphan.instance().incarnation());
            host.orphans.put(key, orphan.reason());
            unit.then(() -> cluster.publish(host));
            if (host.condemned.contains(key) && orphan.instance().phase().hasEnded()) {
                unit.then(() -> orphans.end(host, key));
            }
        } else if (correction instanceof HostCorrection.Adopt && vm != null) {
            adoption.adopt(host, vm, report, unit);
        } else if (correction instanceof HostCorrection.Spare spare && vm != null) {
            adoption.spare(host, vm, spare.incarnation(), unit);
            host.orphans.put(
                    new HostEntry.InstanceKey(spare.vmId(), spare.incarnation()),
                    "it is alive beside another instance of its VM");
        } else if (correction instanceof HostCorrection.Report && vm != null) {
            host.orphans.remove(HostEntry.InstanceKey.of(report));
            reports.observed(host, vm, report, unit);
            forgetOlder(host, vm, unit);
        } else if (correction instanceof HostCorrection.KillStale stale) {
            host.orphans.remove(new HostEntry.InstanceKey(stale.vmId(), stale.incarnation()));
            send(host, commands.kill(stale.vmId(), stale.incarnation(), vm == null ? 0 : vm.version()), unit);
        } else if (correction instanceof HostCorrection.Forget forget) {
            switch (forget.scope()) {
                case INSTANCE -> send(host, commands.forgetInstance(forget.vmId(), forget.incarnation(), 0), unit);
                case VM, VM_AND_KEPT_DISKS -> {
                    if (vm != null) {
                        send(host, commands.forgetVm(vm), unit);
                    }
                }
            }
        } else if (correction instanceof HostCorrection.ReportLost && vm != null) {
            reports.lost(host, vm, "the host does not know the instance any more", unit);
        } else if ((correction instanceof HostCorrection.ResendStart || correction instanceof HostCorrection.ResendStop)
                && vm != null) {
            unit.then(() -> steps.resend(vm));
        }
    }

    /** Once an instance runs, the ended ones before it are of no use any more, wherever they lie. */
    private void forgetOlder(HostEntry present, VmEntry vm, Unit unit) {
        if (vm.state() != VmState.RUNNING) {
            return;
        }
        for (String hostId : List.copyOf(vm.hostsWithInstances)) {
            HostEntry host =
                    hostId.equals(present.id()) ? present : cluster.host(hostId).orElse(null);
            if (host == null) {
                continue;
            }
            for (InstanceReport report : host.instances.values()) {
                boolean older = report.getVmId().equals(vm.record().getVmId())
                        && report.getIncarnation() < vm.record().getIncarnation();
                if (older && observed(report).phase().hasEnded()) {
                    send(host, commands.forgetInstance(vm.id(), report.getIncarnation(), vm.version()), unit);
                }
            }
        }
    }

    private void send(HostEntry host, ConnectResponse message, Unit unit) {
        unit.then(() -> {
            if (host.session != null) {
                host.session.send(message);
            }
        });
    }

    private Optional<Vm> known(UUID vmId) {
        return cluster.vm(vmId).map(vm -> Records.vm(vm.record()));
    }

    private static ObservedInstance observed(InstanceReport report) {
        InstancePhase phase = switch (report.getPhase()) {
            case INSTANCE_PHASE_PREPARING -> InstancePhase.PREPARING;
            case INSTANCE_PHASE_STARTING -> InstancePhase.STARTING;
            case INSTANCE_PHASE_RUNNING -> InstancePhase.RUNNING;
            case INSTANCE_PHASE_STOPPING -> InstancePhase.STOPPING;
            case INSTANCE_PHASE_EXITED -> InstancePhase.EXITED;
            case INSTANCE_PHASE_REJECTED -> InstancePhase.REJECTED;
            // A newer agent's phase: whatever it is, the instance must be taken to be alive.
            case INSTANCE_PHASE_UNSPECIFIED, UNRECOGNIZED -> InstancePhase.RUNNING;
        };
        return new ObservedInstance(UUID.fromString(report.getVmId()), report.getIncarnation(), phase);
    }
}
