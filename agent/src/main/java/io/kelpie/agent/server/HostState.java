package io.kelpie.agent.server;

import io.kelpie.agent.capability.HostTopology;
import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.instance.CpuSupport;
import io.kelpie.agent.instance.HostStatus;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.PagingMode;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.ProbeResult;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * This host as last looked at.
 *
 * @param measured the machine
 * @param topology where its CPUs and memory are
 * @param drivers the enabled drivers
 * @param devices devices for VMs that are there, by kind
 * @param pools the pools
 * @param images SHA-256 digests of the images in the cache, the newest first
 */
record HostState(
        MeasuredHost measured,
        HostTopology topology,
        Map<DriverKind, DriverFingerprint> drivers,
        SortedMap<String, DeviceKind> devices,
        List<Pool> pools,
        List<String> images) {
    /** Images that are told at most. */
    static final int IMAGES_MAX = 256;

    HostState {
        drivers = Map.copyOf(drivers);
        devices = Collections.unmodifiableSortedMap(devices);
        pools = List.copyOf(pools);
        images = List.copyOf(images);
    }

    /** The same with newer observations. */
    HostState observed(List<Pool> newPools, List<String> newImages) {
        return new HostState(measured, topology, drivers, devices, newPools, newImages);
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
                paging == PagingMode.PAGING_MODE_EPT || paging == PagingMode.PAGING_MODE_NPT,
                cpus(capabilities));
    }

    private static CpuSupport cpus(HostCapabilities capabilities) {
        Optional<String> nesting = capabilities.getNested()
                ? Stream.of("vmx", "svm")
                        .filter(capabilities.getCpuFlagsList()::contains)
                        .findFirst()
                : Optional.empty();
        return new CpuSupport(
                capabilities.getKvmProbe().getOutcome() == ProbeResult.Outcome.OUTCOME_VERIFIED
                        ? Accelerator.KVM
                        : Accelerator.TCG,
                Set.copyOf(capabilities.getCpuModelsList()),
                nesting);
    }

    /** What the leader is told that this host can do. */
    HostCapabilities capabilities(AgentConfig config) {
        HostCapabilities.Builder all = measured.capabilities().toBuilder().addAllPools(pools);
        config.capacity()
                .flatMap(StatedCapacity::cpuModels)
                .ifPresent(models -> all.clearCpuModels().addAllCpuModels(models));
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

    /** Whether the leader need not be told again; free space and images go by heartbeats. */
    boolean isLike(HostState other) {
        return measured.equals(other.measured)
                && topology.equals(other.topology)
                && drivers.equals(other.drivers)
                && devices.equals(other.devices);
    }

    /** What the leader is told that this host has. */
    HostCapacity capacity(AgentConfig config) {
        return Offer.of(config, measured, topology, devices);
    }

    private static DriverChoice choice(DriverKind kind) {
        return switch (kind) {
            case QEMU -> DriverChoice.DRIVER_CHOICE_QEMU;
            case LIBVIRT -> DriverChoice.DRIVER_CHOICE_LIBVIRT;
            case FAKE -> DriverChoice.DRIVER_CHOICE_FAKE;
        };
    }
}
