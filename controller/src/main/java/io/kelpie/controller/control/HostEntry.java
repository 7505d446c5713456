package io.kelpie.controller.control;

import io.kelpie.common.resources.QemuOverhead;
import io.kelpie.controller.lifecycle.HostHealth;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.NumaNode;
import io.kelpie.proto.v1.Orphan;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.VmRecord;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A host in the leader's memory. Belongs to the control thread; changed by {@link ClusterEditor} alone. */
final class HostEntry {
    /** Names an instance on this host. */
    record InstanceKey(UUID vmId, long incarnation) {
        static InstanceKey of(InstanceReport report) {
            return new InstanceKey(UUID.fromString(report.getVmId()), report.getIncarnation());
        }
    }

    private HostRecord record;
    private int version = Write.ABSENT;
    private HostCapabilities capabilities = HostCapabilities.getDefaultInstance();
    private int capabilitiesVersion = Write.ABSENT;

    private final Held holdings = new Held();
    private final Set<UUID> placed = new LinkedHashSet<>();
    private final Set<UUID> held = new LinkedHashSet<>();
    private int leasedInstances;
    private int startsInFlight;

    /** The host's stream, while there is one. */
    @Nullable AgentSession session;

    /** Its agent's version; empty if it was not connected in this term. */
    String agentVersion = "";

    /** When its present stream was admitted, in monotonic nanoseconds. */
    long admittedNanos;

    /** Boot that the stream belongs to. */
    String bootId = "";

    /** When anything of it was heard last in this term, in monotonic nanoseconds. */
    OptionalLong lastHeardNanos = OptionalLong.empty();

    /** Whether it is READY: heard, and holding a lease of this leader. */
    boolean ready;

    /** The last judgement of it; null before the first. */
    @Nullable HostHealth health;

    /** Since when its health is so, in milliseconds since 1970. */
    long healthSinceMillis;

    /** When its next step can happen at the earliest, in milliseconds since 1970; 0: it waits for someone. */
    long nextStepAtMillis;

    /** True if it holds a lease that this leader has granted. */
    boolean leased;

    /** Why it is called faulty: a deadline of one of its instances has passed for the third time; empty: it is not. */
    String fault = "";

    /** The attempt to power it off that is under way; null: none is. */
    @Nullable PowerOff powerOff;

    /** What it last reported of each instance in its ledger. */
    final Map<InstanceKey, InstanceReport> instances = new HashMap<>();

    /** Of these, those that no record explains, and why. */
    final Map<InstanceKey, String> orphans = new LinkedHashMap<>();

    /** Orphans that an operator wants ended. */
    final Set<InstanceKey> condemned = new LinkedHashSet<>();

    HostEntry(HostRecord record) {
        this.record = record;
    }

    String id() {
        return record.getHostId();
    }

    String name() {
        return record.getName();
    }

    /** Why it takes nothing although it is heard; empty: it does, or it is not heard. */
    String fault() {
        return powerOff == null ? fault : "it is being powered off by the fence plug-in";
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
    void count(VmRecord vm, UUID vmId, int sign) {
        Reservation reserved = vm.getReservation();
        if (vm.getHostId().equals(id())) {
            holdings.countInstance(reserved, sign);
            leasedInstances += vm.getLeased() ? sign : 0;
            startsInFlight += isStarting(vm) ? sign : 0;
            if (sign > 0) {
                placed.add(vmId);
            } else {
                placed.remove(vmId);
            }
        }
        if (vm.getHostId().equals(id()) || vm.getStorageHostId().equals(id())) {
            if (sign > 0) {
                held.add(vmId);
            } else {
                held.remove(vmId);
            }
        }
        if (storageHost(vm).equals(id())) {
            holdings.countDisks(reserved, sign);
        }
    }

    private static boolean isStarting(VmRecord vm) {
        return switch (Records.state(vm.getState())) {
            case PLACED, STARTING -> true;
            case PENDING, RUNNING, MIGRATING, STOPPING, EVICTING, DELETING, STOPPED, FAILED, DELETED -> false;
        };
    }

    /** Instances that were sent here and do not run yet. */
    int startsInFlight() {
        return startsInFlight;
    }

    /** Where a VM's pool reservation counts: with its instance, else with its kept files. */
    static String storageHost(VmRecord vm) {
        return vm.getHostId().isEmpty() ? vm.getStorageHostId() : vm.getHostId();
    }

    /** Instances here that run only while the host's lease lasts. */
    int leasedInstances() {
        return leasedInstances;
    }

    /** VMs placed here. */
    Set<UUID> placed() {
        return placed;
    }

    /** VMs placed here, and those whose files lie here. */
    Set<UUID> held() {
        return held;
    }

    /** What its VMs hold by their records, and its live orphans by what it says of them. */
    Reservation reserved() {
        return holdings.record(orphanVcpus(), orphanMemoryMib());
    }

    /** Whether an instance may run here, as far as the host has said. */
    boolean isLive(InstanceKey key) {
        InstanceReport report = instances.get(key);
        return report != null
                && switch (report.getPhase()) {
                    case INSTANCE_PHASE_EXITED, INSTANCE_PHASE_REJECTED -> false;
                    case INSTANCE_PHASE_PREPARING,
                            INSTANCE_PHASE_STARTING,
                            INSTANCE_PHASE_RUNNING,
                            INSTANCE_PHASE_STOPPING,
                            INSTANCE_PHASE_UNSPECIFIED,
                            UNRECOGNIZED -> true;
                };
    }

    private int orphanVcpus() {
        int vcpus = 0;
        for (InstanceKey key : orphans.keySet()) {
            InstanceReport report = instances.get(key);
            vcpus += report != null && isLive(key) ? report.getVcpus() : 0;
        }
        return vcpus;
    }

    private long orphanMemoryMib() {
        long memoryMib = 0;
        for (InstanceKey key : orphans.keySet()) {
            InstanceReport report = instances.get(key);
            memoryMib += report != null && isLive(key)
                    ? QemuOverhead.memoryMib(report.getMemoryMib(), report.getVcpus())
                    : 0;
        }
        return memoryMib;
    }

    private List<Orphan> shownOrphans() {
        List<Orphan> shown = new ArrayList<>();
        orphans.forEach((key, reason) -> {
            InstanceReport report = instances.get(key);
            if (report != null) {
                shown.add(Orphan.newBuilder()
                        .setHostName(name())
                        .setInstance(report)
                        .setReason(reason)
                        .build());
            }
        });
        return shown;
    }

    /** Pools with their free space as of the last heartbeat. */
    List<Pool> pools() {
        List<Pool> heard = session == null ? List.of() : session.pools();
        return heard.isEmpty() ? capabilities.getPoolsList() : heard;
    }

    /** SHA-256 digests of the images in its cache; empty while it is not connected. */
    List<String> cachedImages() {
        return session == null ? List.of() : session.cachedImages();
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
                capabilities.toBuilder()
                        .clearPools()
                        .addAllPools(pools())
                        .clearCachedImages()
                        .addAllCachedImages(cachedImages())
                        .build(),
                shownHealth(),
                healthSinceMillis,
                health == null ? "not judged yet" : health.reason(),
                health == null ? "" : health.nextStep(),
                nextStepAtMillis,
                reserved(),
                placed.size(),
                leasedInstances,
                leased,
                agentVersion,
                shownOrphans());
    }

    private io.kelpie.proto.v1.HostHealth shownHealth() {
        return health == null
                ? io.kelpie.proto.v1.HostHealth.HOST_HEALTH_SUSPECT
                : switch (health.status()) {
                    case READY -> io.kelpie.proto.v1.HostHealth.HOST_HEALTH_READY;
                    case SUSPECT -> io.kelpie.proto.v1.HostHealth.HOST_HEALTH_SUSPECT;
                    case FENCED -> io.kelpie.proto.v1.HostHealth.HOST_HEALTH_FENCED;
                };
    }

    /** Drivers that are usable here and can run leased instances. */
    Set<DriverKind> leasingDrivers() {
        Set<DriverKind> drivers = EnumSet.noneOf(DriverKind.class);
        for (DriverInfo driver : capabilities.getDriversList()) {
            if (driver.getUsable() && driver.getCanLease()) {
                Records.driver(driver.getDriver()).ifPresent(drivers::add);
            }
        }
        return drivers;
    }

    /** What is held here, live orphans included, as placement sees it. */
    HostSize heldSize() {
        return holdings.size(
                orphanVcpus(),
                orphanMemoryMib(),
                record.getCapacity().getNumaNodesList().stream()
                        .map(NumaNode::getId)
                        .toList());
    }

    SortedMap<String, Long> heldPoolMib() {
        return holdings.poolMib();
    }

    /** Drivers that are usable here. */
    Set<DriverKind> usableDrivers() {
        Set<DriverKind> drivers = EnumSet.noneOf(DriverKind.class);
        for (DriverInfo driver : capabilities.getDriversList()) {
            if (driver.getUsable()) {
                Records.driver(driver.getDriver()).ifPresent(drivers::add);
            }
        }
        return drivers;
    }
}
