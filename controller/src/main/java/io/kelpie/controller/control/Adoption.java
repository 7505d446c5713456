package io.kelpie.controller.control;

import io.kelpie.common.resources.QemuOverhead;
import io.kelpie.controller.model.Reservation;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.SparedInstance;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes an instance that a host reports the present one of its VM, whatever the record says: the one way in which a
 * record follows a host. Only while records may be older than hosts, and by an operator's command. Belongs to the control
 * thread.
 */
final class Adoption {
    private final ClusterEditor cluster;
    private final InstanceReports reports;

    Adoption(ClusterEditor cluster, InstanceReports reports) {
        this.cluster = cluster;
        this.reports = reports;
    }

    /** The instance becomes the VM's; live ones beside it are spared. */
    void adopt(HostEntry host, VmEntry vm, InstanceReport report, Unit unit) {
        JobEntry job = cluster.jobOf(vm);
        VmRecord former = vm.record();
        VmRecord.Builder next = former.toBuilder()
                .setState(
                        switch (report.getPhase()) {
                            case INSTANCE_PHASE_PREPARING, INSTANCE_PHASE_STARTING -> VmState.VM_STATE_STARTING;
                            case INSTANCE_PHASE_RUNNING,
                                    INSTANCE_PHASE_STOPPING,
                                    INSTANCE_PHASE_EXITED,
                                    INSTANCE_PHASE_REJECTED,
                                    INSTANCE_PHASE_UNSPECIFIED,
                                    UNRECOGNIZED -> VmState.VM_STATE_RUNNING;
                        })
                .setStateSinceMillis(cluster.nowMillis())
                .setIncarnation(report.getIncarnation())
                .setHostId(host.id())
                .setStorageHostId(host.id())
                .setReservation(reservation(job, report))
                .setSpecVersion(job.record().getVersion())
                .setRestartSerial(job.record().getRestartSerial())
                .setDriver(report.getDriver())
                .setLeased(report.getLeased())
                .clearNotLeasedReason()
                .clearPreferredHostId()
                .clearSpared()
                .addAllSpared(spared(host, vm, report));
        cluster.putVm(vm, next.build(), unit);
        HostEntry.InstanceKey key = new HostEntry.InstanceKey(vm.id(), report.getIncarnation());
        host.orphans.remove(key);
        unit.then(() -> {
            cluster.events()
                    .add(
                            vm.subject(),
                            "Adopted",
                            "instance " + report.getIncarnation() + " on " + host.name()
                                    + " is taken for the VM's present one; its record was at incarnation "
                                    + former.getIncarnation());
            cluster.publish(host);
        });
        reports.observed(host, vm, report, unit);
    }

    /** An instance stays alive beside the present one until an operator decides. */
    void spare(HostEntry host, VmEntry vm, long incarnation, Unit unit) {
        SparedInstance spared = SparedInstance.newBuilder()
                .setHostId(host.id())
                .setIncarnation(incarnation)
                .build();
        if (!vm.record().getSparedList().contains(spared)) {
            cluster.putVm(vm, vm.record().toBuilder().addSpared(spared).build(), unit);
            unit.then(() -> cluster.events()
                    .add(
                            vm.subject(),
                            "Orphaned",
                            "instance " + incarnation + " on " + host.name()
                                    + " is alive beside the present one: see kelpie get orphans"));
        }
    }

    /** Spared instances of a VM that are gone need not be remembered. */
    void dropSpared(HostEntry host, VmEntry vm, Unit unit) {
        List<SparedInstance> kept = new ArrayList<>();
        for (SparedInstance spared : vm.record().getSparedList()) {
            HostEntry.InstanceKey key = new HostEntry.InstanceKey(vm.id(), spared.getIncarnation());
            if (!spared.getHostId().equals(host.id()) || host.isLive(key)) {
                kept.add(spared);
            }
        }
        if (kept.size() < vm.record().getSparedCount()) {
            cluster.putVm(
                    vm, vm.record().toBuilder().clearSpared().addAllSpared(kept).build(), unit);
        }
    }

    private List<SparedInstance> spared(HostEntry adopting, VmEntry vm, InstanceReport adopted) {
        List<SparedInstance> spared = new ArrayList<>();
        for (String hostId : vm.hostsWithInstances) {
            cluster.host(hostId)
                    .ifPresent(host -> host.instances.forEach((key, report) -> {
                        boolean same = host == adopting && key.incarnation() == adopted.getIncarnation();
                        if (key.vmId().equals(vm.id()) && !same && host.isLive(key)) {
                            spared.add(SparedInstance.newBuilder()
                                    .setHostId(hostId)
                                    .setIncarnation(key.incarnation())
                                    .build());
                        }
                    }));
        }
        for (SparedInstance earlier : vm.record().getSparedList()) {
            boolean same =
                    earlier.getHostId().equals(adopting.id()) && earlier.getIncarnation() == adopted.getIncarnation();
            boolean elsewhere = cluster.host(earlier.getHostId())
                    .map(host -> host.session == null)
                    .orElse(true);
            if (!same && elsewhere && !spared.contains(earlier)) {
                spared.add(earlier);
            }
        }
        return spared;
    }

    /** What the host says that it has, else what the job asks for now. */
    private static io.kelpie.proto.v1.Reservation reservation(JobEntry job, InstanceReport report) {
        Reservation asked = Reservation.of(job.job().shape());
        boolean told = report.getVcpus() > 0 && report.getMemoryMib() > 0;
        return Records.reservation(
                told ? report.getVcpus() : asked.vcpus(),
                told ? QemuOverhead.memoryMib(report.getMemoryMib(), report.getVcpus()) : asked.memoryMib(),
                asked.poolMib());
    }
}
