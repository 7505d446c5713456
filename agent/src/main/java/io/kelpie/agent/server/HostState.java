package io.kelpie.agent.server;

import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.instance.HostStatus;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.PagingMode;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.ProbeResult;
import java.util.List;
import java.util.Map;

/**
 * This host as last looked at.
 *
 * @param measured the machine
 * @param drivers the enabled drivers
 * @param pools the pools
 */
record HostState(MeasuredHost measured, Map<DriverKind, DriverFingerprint> drivers, List<Pool> pools) {
    HostState {
        drivers = Map.copyOf(drivers);
        pools = List.copyOf(pools);
    }

    /** What instances are started by. */
    HostStatus status() {
        HostCapabilities capabilities = measured.capabilities();
        ProbeResult kvm = capabilities.getKvmProbe();
        PagingMode paging = capabilities.getPagingMode();
        return new HostStatus(
                drivers,
                kvm.getOutcome() == ProbeResult.Outcome.OUTCOME_VERIFIED,
                kvm.getDetail(),
                paging == PagingMode.PAGING_MODE_EPT || paging == PagingMode.PAGING_MODE_NPT);
    }

    /** What the leader is told that this host can do. */
    HostCapabilities capabilities() {
        HostCapabilities.Builder all = measured.capabilities().toBuilder().addAllPools(pools);
        for (DriverKind kind : DriverKind.values()) {
            DriverFingerprint found = drivers.get(kind);
            if (found != null) {
                all.addDrivers(DriverInfo.newBuilder()
                        .setDriver(choice(kind))
                        .setUsable(found.usable())
                        .setVersion(found.version())
                        .setReason(found.reason())
                        .setCanLease(found.canLease()));
            }
        }
        return all.build();
    }

    /** Whether the leader need not be told again; free space goes by heartbeats. */
    boolean isLike(HostState other) {
        return measured.equals(other.measured) && drivers.equals(other.drivers);
    }

    /** What the leader is told that this host has. */
    HostCapacity capacity(AgentConfig config) {
        return HostCapacity.newBuilder()
                .setCpus((int) config.cpus().orElse(measured.cpus()))
                .setMemoryMib(config.memoryMib().orElse(Math.max(0, measured.memoryMib() - config.reservedMemoryMib())))
                .build();
    }

    private static DriverChoice choice(DriverKind kind) {
        return switch (kind) {
            case QEMU -> DriverChoice.DRIVER_CHOICE_QEMU;
            case LIBVIRT -> DriverChoice.DRIVER_CHOICE_LIBVIRT;
            case FAKE -> DriverChoice.DRIVER_CHOICE_FAKE;
        };
    }
}
