package io.kelpie.controller.control;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.PoolReservation;
import io.kelpie.proto.v1.ProbeResult;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.VmRecord;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A host in the leader's memory. Belongs to the control thread; changed by {@link ClusterEditor} alone. */
final class HostEntry {
    /** Names an instance on this host. */
    record InstanceKey(UUID vmId, long incarnation) {}

    private HostRecord record;
    private int version = Write.ABSENT;
    private HostCapabilities capabilities = HostCapabilities.getDefaultInstance();
    private int capabilitiesVersion = Write.ABSENT;

    private int usedVcpus;
    private long usedMemoryMib;
    private final SortedMap<String, Long> usedPoolMib = new TreeMap<>();
    private final Set<UUID> placed = new java.util.LinkedHashSet<>();

    /** The host's stream, while there is one. */
    @Nullable AgentSession session;

    /** Its agent's version; empty if it was not connected in this term. */
    String agentVersion = "";

    /** Boot that the stream belongs to. */
    String bootId = "";

    /** When anything of it was heard last in this term, in monotonic nanoseconds. */
    OptionalLong lastHeardNanos = OptionalLong.empty();

    /** Whether the leader hears it. */
    boolean ready;

    /** Since when, in milliseconds since 1970. */
    long healthSinceMillis;

    /** Why, in one sentence. */
    String healthReason = "not heard since this controller began to lead";

    /** A deadline of one of its instances has passed for the third time. */
    boolean faulty;

    /** What it last reported of each instance in its ledger. */
    final Map<InstanceKey, InstanceReport> instances = new HashMap<>();

    HostEntry(HostRecord record) {
        this.record = record;
    }

    String id() {
        return record.getHostId();
    }

    String name() {
        return record.getName();
    }

    String subject() {
        return "host/" + name();
    }

    HostRecord record() {
        return record;
    }

    int version() {
        return version;
    }

    void set(HostRecord next, int nextVersion) {
        this.record = next;
        this.version = nextVersion;
    }

    HostCapabilities capabilities() {
        return capabilities;
    }

    int capabilitiesVersion() {
        return capabilitiesVersion;
    }

    void setCapabilities(HostCapabilities next, int nextVersion) {
        this.capabilities = next;
        this.capabilitiesVersion = nextVersion;
    }

    /** Counts what a VM's record holds here; {@code sign} is 1 or -1. */
    void count(VmRecord vm, int sign) {
        Reservation held = vm.getReservation();
        if (vm.getHostId().equals(id())) {
            usedVcpus += sign * held.getVcpus();
            usedMemoryMib += sign * held.getMemoryMib();
            UUID vmId = UUID.fromString(vm.getVmId());
            if (sign > 0) {
                placed.add(vmId);
            } else {
                placed.remove(vmId);
            }
        }
        if (storageHost(vm).equals(id())) {
            for (PoolReservation pool : held.getPoolsList()) {
                usedPoolMib.merge(pool.getPool(), sign * pool.getSizeMib(), Math::addExact);
            }
        }
    }

    /** Where a VM's pool reservation counts: with its instance, else with its kept files. */
    static String storageHost(VmRecord vm) {
        return vm.getHostId().isEmpty() ? vm.getStorageHostId() : vm.getHostId();
    }

    /** VMs placed here. */
    Set<UUID> placed() {
        return placed;
    }

    Reservation reserved() {
        return Records.reservation(usedVcpus, usedMemoryMib, usedPoolMib);
    }

    /** Pools with their free space as of the last heartbeat. */
    List<Pool> pools() {
        List<Pool> heard = session == null ? List.of() : session.pools();
        return heard.isEmpty() ? capabilities.getPoolsList() : heard;
    }

    /** Whether a pool's files are seen by other hosts too. */
    boolean isShared(String poolName) {
        return capabilities.getPoolsList().stream()
                .anyMatch(pool -> pool.getName().equals(poolName) && pool.getShared());
    }

    /** What operators see of it now. */
    HostInfo info() {
        return new HostInfo(
                record,
                capabilities.toBuilder().clearPools().addAllPools(pools()).build(),
                ready ? HostHealth.HOST_HEALTH_READY : HostHealth.HOST_HEALTH_SUSPECT,
                healthSinceMillis,
                healthReason,
                reserved(),
                placed.size(),
                agentVersion);
    }

    HostView view() {
        SortedMap<String, Long> pools = new TreeMap<>();
        for (Pool pool : pools()) {
            // Free space also shrinks by files that are not Kelpie's: no more than what is free can be promised.
            long used = usedPoolMib.getOrDefault(pool.getName(), 0L);
            pools.put(pool.getName(), Math.min(pool.getTotalMib(), used + pool.getFreeMib()));
        }
        return new HostView(
                id(),
                name(),
                new TreeMap<>(record.getLabelsMap()),
                record.getCordoned(),
                ready && !faulty,
                record.getCapacity().getCpus(),
                record.getCapacity().getMemoryMib(),
                pools,
                capabilities.getKvmProbe().getOutcome() == ProbeResult.Outcome.OUTCOME_VERIFIED,
                switch (capabilities.getPagingMode()) {
                    case PAGING_MODE_EPT -> PagingMode.EPT;
                    case PAGING_MODE_NPT -> PagingMode.NPT;
                    case PAGING_MODE_SHADOW -> PagingMode.SHADOW;
                    case PAGING_MODE_UNSPECIFIED, UNRECOGNIZED -> PagingMode.NONE;
                },
                usableDrivers(),
                usedVcpus,
                usedMemoryMib,
                usedPoolMib);
    }

    private Set<DriverKind> usableDrivers() {
        Set<DriverKind> drivers = EnumSet.noneOf(DriverKind.class);
        for (DriverInfo driver : capabilities.getDriversList()) {
            if (driver.getUsable()) {
                Records.driver(driver.getDriver()).ifPresent(drivers::add);
            }
        }
        return drivers;
    }
}
