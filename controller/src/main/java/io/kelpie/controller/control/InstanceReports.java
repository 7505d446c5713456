package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.InstanceEnd;
import io.kelpie.controller.lifecycle.RestartDecider;
import io.kelpie.controller.lifecycle.RestartDecision;
import io.kelpie.controller.lifecycle.StoredWait;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.VmState;
import io.kelpie.proto.v1.AvoidedHost;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.VmRecord;
import java.util.List;

/** What an instance's host says becomes events of its VM. Belongs to the control thread. */
final class InstanceReports {
    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final ControlMetrics metrics;

    InstanceReports(ClusterEditor cluster, VmSteps steps, ControlMetrics metrics) {
        this.cluster = cluster;
        this.steps = steps;
        this.metrics = metrics;
    }

    /** The present instance of a VM is as its host says. */
    void observed(HostEntry host, VmEntry vm, InstanceReport report, Unit unit) {
        boolean progressed = vm.observed == null
                || vm.observed.getPhase() != report.getPhase()
                || !vm.observed.getProgress().equals(report.getProgress());
        vm.observed = report;
        if (progressed) {
            vm.deadlinesPassed = 0;
            vm.nextDeadlineNanos = 0;
        }
        switch (report.getPhase()) {
            case INSTANCE_PHASE_PREPARING, INSTANCE_PHASE_STARTING -> accepted(host, vm, report, unit);
            case INSTANCE_PHASE_RUNNING -> running(host, vm, report, unit);
            case INSTANCE_PHASE_EXITED -> exited(host, vm, report.getExit(), unit);
            case INSTANCE_PHASE_REJECTED -> rejected(host, vm, report.getExit(), report.getField(), unit);
            case INSTANCE_PHASE_STOPPING, INSTANCE_PHASE_UNSPECIFIED, UNRECOGNIZED -> {}
        }
        if (vm.observed == report) {
            cluster.publishObservation(vm, unit);
        }
    }

    /** The host has the start in its ledger. */
    void accepted(HostEntry host, VmEntry vm, InstanceReport report, Unit unit) {
        steps.apply(
                vm,
                VmEvent.START_ACCEPTED,
                record -> keepDisks(host, vm, report, record),
                "Starting",
                host.name() + " has accepted instance " + vm.record().getIncarnation(),
                unit);
    }

    private void running(HostEntry host, VmEntry vm, InstanceReport report, Unit unit) {
        boolean nowRunning = steps.apply(
                vm,
                VmEvent.GUEST_RUNNING,
                record -> {
                    record.setDriver(report.getDriver()).clearPreferredHostId();
                    keepDisks(host, vm, report, record);
                },
                "Running",
                "instance " + vm.record().getIncarnation() + " runs on " + host.name() + " (" + report.getAccelerator()
                        + ")",
                unit);
        if (nowRunning) {
            metrics.started(cluster.nowNanos() - vm.enqueuedNanos);
        }
    }

    /** Disks that outlive the instance and are seen by this host alone bind the VM to it. */
    private void keepDisks(HostEntry host, VmEntry vm, InstanceReport report, VmRecord.Builder record) {
        if (report.getKeptDisks()) {
            boolean local = Records.keptDiskPools(cluster.jobOf(vm).specOf(vm).getVm()).values().stream()
                    .anyMatch(pool -> !host.isShared(pool));
            record.setKeptDisks(record.getKeptDisks() || local).setStorageHostId(host.id());
        }
    }

    /** The host has no such instance any more, and nobody saw how it ended. */
    void lost(HostEntry host, VmEntry vm, String message, Unit unit) {
        InstanceExit exit = InstanceExit.newBuilder()
                .setReason(ExitReason.EXIT_REASON_LOST)
                .setMessage(message)
                .setAtMillis(cluster.nowMillis())
                .build();
        exited(host, vm, exit, unit);
    }

    /** The instance is gone. */
    void exited(HostEntry host, VmEntry vm, InstanceExit reported, Unit unit) {
        InstanceExit exit = reported.toBuilder()
                .setIncarnation(vm.record().getIncarnation())
                .setHostId(host.id())
                .build();
        String message = "instance " + exit.getIncarnation() + " on " + host.name() + " ended: " + exit.getMessage();
        switch (vm.state()) {
            case STOPPING, EVICTING, DELETING ->
                steps.apply(
                        vm, VmEvent.EXITED_FINAL_CLEAN, record -> record.setLastExit(exit), "Stopped", message, unit);
            case PLACED, STARTING, RUNNING, MIGRATING -> restartOrEnd(vm, exit, message, unit);
            case PENDING, STOPPED, FAILED, DELETED -> {} // reported again
        }
    }

    private void restartOrEnd(VmEntry vm, InstanceExit exit, String message, Unit unit) {
        long now = cluster.nowMillis();
        RestartDecision decision = RestartDecider.decide(
                Records.restartPolicy(cluster.jobOf(vm).record().getSpec()),
                endOf(vm, exit),
                vm.record().getFailedAtMillisList(),
                now);
        VmSteps.Details ended = record ->
                record.setLastExit(exit).clearFailedAtMillis().addAllFailedAtMillis(decision.failedAtMillis());
        if (decision instanceof RestartDecision.Restart restart) {
            steps.apply(
                    vm,
                    VmEvent.EXITED_RESTART,
                    record -> {
                        ended.addTo(record);
                        record.setNotBeforeMillis(now + restart.backoffMillis());
                    },
                    "Exited",
                    message + "; it is started again "
                            + (restart.backoffMillis() == 0 ? "at once" : "in " + seconds(restart.backoffMillis())),
                    unit);
        } else if (decision instanceof RestartDecision.FinalClean) {
            steps.apply(vm, VmEvent.EXITED_FINAL_CLEAN, ended, "Exited", message, unit);
        } else {
            steps.apply(
                    vm,
                    VmEvent.EXITED_FINAL_FAILED,
                    ended,
                    "Failed",
                    message + "; its restart policy allows no further attempt",
                    unit);
        }
    }

    private static InstanceEnd endOf(VmEntry vm, InstanceExit exit) {
        return switch (exit.getReason()) {
            case EXIT_REASON_GUEST_SHUTDOWN -> InstanceEnd.CLEAN;
            // A stop that nobody wants any more, e.g. the kill of a start that took too long.
            case EXIT_REASON_STOPPED -> vm.state() == VmState.RUNNING ? InstanceEnd.COMMANDED : InstanceEnd.FAILED;
            // Only what was leased can end so; whatever else says it has failed.
            case EXIT_REASON_LEASE_ENDED -> vm.record().getLeased() ? InstanceEnd.LEASE_ENDED : InstanceEnd.FAILED;
            case EXIT_REASON_LOST -> InstanceEnd.LOST;
            case EXIT_REASON_START_FAILED, EXIT_REASON_CRASHED, EXIT_REASON_UNSPECIFIED, UNRECOGNIZED ->
                InstanceEnd.FAILED;
        };
    }

    /** The host will not start the instance. */
    void rejected(HostEntry host, VmEntry vm, InstanceExit reported, String field, Unit unit) {
        String why = field.isEmpty() ? reported.getMessage() : field + ": " + reported.getMessage();
        InstanceExit exit = reported.toBuilder()
                .setIncarnation(vm.record().getIncarnation())
                .setHostId(host.id())
                .setReason(ExitReason.EXIT_REASON_START_FAILED)
                .setMessage(why)
                .build();
        String message = host.name() + " refused instance " + exit.getIncarnation() + ": " + why;
        switch (vm.state()) {
            case PLACED, STARTING -> retryOrFail(host, vm, exit, message, unit);
            case STOPPING, EVICTING, DELETING ->
                steps.apply(vm, VmEvent.START_REJECTED, record -> record.setLastExit(exit), "Stopped", message, unit);
            case PENDING, RUNNING, MIGRATING, STOPPED, FAILED, DELETED -> {} // reported again
        }
    }

    private void retryOrFail(HostEntry host, VmEntry vm, InstanceExit exit, String message, Unit unit) {
        long now = cluster.nowMillis();
        RestartDecision decision = RestartDecider.decide(
                Records.restartPolicy(cluster.jobOf(vm).record().getSpec()),
                InstanceEnd.START_REJECTED,
                vm.record().getFailedAtMillisList(),
                now);
        long avoidMillis = decision instanceof RestartDecision.Restart restart ? restart.backoffMillis() : 0;
        steps.apply(
                vm,
                VmEvent.START_REJECTED,
                record -> {
                    record.setLastExit(exit).clearFailedAtMillis().addAllFailedAtMillis(decision.failedAtMillis());
                    avoid(record, host.id(), now, now + avoidMillis);
                },
                "Rejected",
                message,
                unit);
        if (decision instanceof RestartDecision.FinalFailed) {
            steps.apply(
                    vm,
                    VmEvent.ATTEMPTS_EXHAUSTED,
                    VmSteps.Details.NONE,
                    "Failed",
                    "its restart policy allows no further attempt",
                    unit);
        }
    }

    private static void avoid(VmRecord.Builder record, String hostId, long nowMillis, long untilMillis) {
        List<AvoidedHost> others = record.getAvoidedHostsList().stream()
                .filter(avoided -> !StoredWait.isOver(avoided.getSinceMillis(), avoided.getUntilMillis(), nowMillis)
                        && !avoided.getHostId().equals(hostId))
                .toList();
        record.clearAvoidedHosts()
                .addAllAvoidedHosts(others)
                .addAvoidedHosts(AvoidedHost.newBuilder()
                        .setHostId(hostId)
                        .setSinceMillis(nowMillis)
                        .setUntilMillis(untilMillis));
    }

    private static String seconds(long millis) {
        return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
    }
}
