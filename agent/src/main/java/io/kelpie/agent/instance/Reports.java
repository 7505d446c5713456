package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.instance.LedgerEntry.Phase;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Power;

/** Instances in the words of the wire. Pure. */
final class Reports {
    private Reports() {}

    static InstanceReport of(Instance instance, long sequence, String hostId) {
        LedgerEntry entry = instance.entry;
        InstanceReport.Builder report = InstanceReport.newBuilder()
                .setVmId(instance.id.vmId().toString())
                .setIncarnation(instance.id.incarnation())
                .setSequence(sequence)
                .setPhase(phase(instance))
                .setPower(instance.stage == Instance.Stage.RUNNING ? power(instance.power) : Power.POWER_UNSPECIFIED)
                .setProgress(instance.message)
                .setPid(instance.pid)
                .setVmName(entry.vmName())
                .setLeased(entry.leased())
                .setNamespace(entry.workload().namespace())
                .setJob(entry.workload().job())
                .setVcpus(entry.workload().vcpus())
                .setMemoryMib(entry.workload().memoryMib())
                .setKeptDisks(entry.keptDisks());
        instance.driver.ifPresent(driver -> report.setDriver(driver(driver)));
        entry.launch()
                .flatMap(LedgerEntry.Launch::accelerator)
                .ifPresent(accelerator -> report.setAccelerator(accelerator(accelerator)));
        entry.end()
                .ifPresent(end -> report.setExit(exit(instance.id.incarnation(), end, hostId))
                        .setField(end.field()));
        return report.build();
    }

    static InstancePhase phase(Instance instance) {
        if (instance.stage != Instance.Stage.ENDED && instance.toEnd()) {
            return InstancePhase.INSTANCE_PHASE_STOPPING;
        }
        return switch (instance.stage) {
            case RECORDING, PREPARING -> InstancePhase.INSTANCE_PHASE_PREPARING;
            case STARTING -> InstancePhase.INSTANCE_PHASE_STARTING;
            case ADOPTING ->
                instance.entry.phase() == Phase.STARTED
                        ? InstancePhase.INSTANCE_PHASE_RUNNING
                        : InstancePhase.INSTANCE_PHASE_STARTING;
            case RUNNING ->
                instance.startingSinceNanos.isPresent()
                        ? InstancePhase.INSTANCE_PHASE_STARTING
                        : InstancePhase.INSTANCE_PHASE_RUNNING;
            case ENDED ->
                instance.entry.phase() == Phase.REJECTED
                        ? InstancePhase.INSTANCE_PHASE_REJECTED
                        : InstancePhase.INSTANCE_PHASE_EXITED;
        };
    }

    static DriverChoice driver(DriverKind driver) {
        return switch (driver) {
            case QEMU -> DriverChoice.DRIVER_CHOICE_QEMU;
            case LIBVIRT -> DriverChoice.DRIVER_CHOICE_LIBVIRT;
            case FAKE -> DriverChoice.DRIVER_CHOICE_FAKE;
        };
    }

    private static String accelerator(Accelerator accelerator) {
        return switch (accelerator) {
            case KVM -> "kvm";
            case TCG -> "tcg";
        };
    }

    private static Power power(InstanceStatus.Power power) {
        return switch (power) {
            case RUNNING -> Power.POWER_RUNNING;
            case PAUSED -> Power.POWER_PAUSED;
            case STARTING, UNRESPONSIVE, GONE -> Power.POWER_UNSPECIFIED;
        };
    }

    private static InstanceExit exit(long incarnation, InstanceEnd end, String hostId) {
        InstanceExit.Builder exit = InstanceExit.newBuilder()
                .setIncarnation(incarnation)
                .setReason(reason(end.reason()))
                .setExitCode(end.exitCode())
                .setSignal(end.signal())
                .setMessage(end.message())
                .setStderrTail(end.stderrTail())
                .setAtMillis(end.atMillis())
                .setHostId(hostId);
        end.rung().ifPresent(rung -> exit.setRung(rung(rung)));
        return exit.build();
    }

    private static ExitReason reason(InstanceEnd.Reason reason) {
        return switch (reason) {
            case GUEST_SHUTDOWN -> ExitReason.EXIT_REASON_GUEST_SHUTDOWN;
            case STOPPED -> ExitReason.EXIT_REASON_STOPPED;
            case START_FAILED -> ExitReason.EXIT_REASON_START_FAILED;
            case CRASHED -> ExitReason.EXIT_REASON_CRASHED;
            case LEASE_ENDED -> ExitReason.EXIT_REASON_LEASE_ENDED;
            case LOST -> ExitReason.EXIT_REASON_LOST;
        };
    }

    private static io.kelpie.proto.v1.StopRung rung(StopRung rung) {
        return switch (rung) {
            case ALREADY_GONE -> io.kelpie.proto.v1.StopRung.STOP_RUNG_ALREADY_GONE;
            case ACPI -> io.kelpie.proto.v1.StopRung.STOP_RUNG_ACPI;
            case QUIT -> io.kelpie.proto.v1.StopRung.STOP_RUNG_QUIT;
            case KILL -> io.kelpie.proto.v1.StopRung.STOP_RUNG_KILL;
        };
    }
}
