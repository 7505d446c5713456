package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LeaseBond;
import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.DeadlineFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A host's kernel and disks: what stays when its agent ends, and what a reboot takes away. */
final class SimMachine {
    /** The files of one instance. */
    static final class Folder {
        /** The agent has written to the lock file: no guard may start under it any more. */
        boolean closed;

        @Nullable SimGuard lockedBy;

        @Nullable SimGuard recorded;

        String recordedBoot = "";
        boolean qemuRecorded;

        @Nullable Exit exit;

        boolean commanded;
    }

    /** What a guard's exit file says. */
    enum Exit {
        GUEST_SHUTDOWN,
        SIGNAL,
        DEADLINE
    }

    /** Told when something of an instance ends; a driver of the present agent. */
    interface Watcher {
        void ended(InstanceId id);
    }

    final World world;
    final String name;
    final String hostId;
    final Observer observer;
    final GuardRules guardRules;
    final SplittableRandom random;
    final Map<InstanceId, Folder> folders = new LinkedHashMap<>();
    private final int drift;
    private int boots;
    SimClock clock;
    String bootId = "";
    boolean up;
    final RamFile deadlineFile = new RamFile("deadline");
    private final DeadlineFile deadline = new DeadlineFile(deadlineFile);

    @Nullable Watcher watcher;
    /** Guards hang so long before each step, at most; set by faults. */
    long guardDelayNanos;

    /** Until then about half of the guards' steps hang; set by faults. */
    long guardsHangUntilNanos;

    long startNanos = 300 * World.MILLI;
    long stopNanos = 500 * World.MILLI;

    SimMachine(World world, String name, int drift, Observer observer, GuardRules guardRules) {
        this.world = world;
        this.name = name;
        this.hostId = UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .toString();
        this.drift = drift;
        this.observer = observer;
        this.guardRules = guardRules;
        this.random = world.random("machine " + name);
        this.clock = new SimClock(world, 0, drift);
        boot();
    }

    void boot() {
        boots++;
        clock = new SimClock(world, World.SECOND * (5 + random.nextInt(20)), drift);
        bootId = new UUID(hostId.hashCode(), boots).toString();
        deadlineFile.remove();
        up = true;
    }

    /** Everything in memory ends at once; files stay, but those of the run folder. */
    void powerOff() {
        up = false;
        watcher = null;
        for (Folder folder : folders.values()) {
            SimGuard locker = folder.lockedBy;
            if (locker != null) {
                locker.powerOff();
            }
            folder.lockedBy = null;
        }
        java.util.List.copyOf(spawned.values()).forEach(SimGuard::powerOff);
        spawned.clear();
    }

    /** Guards that were spawned and may not have done anything yet. */
    final Map<Long, SimGuard> spawned = new LinkedHashMap<>();

    private long pids;

    SimGuard spawn(InstanceId id, Optional<LeaseBond> lease) {
        SimGuard guard = new SimGuard(this, ++pids, id, lease);
        spawned.put(guard.pid, guard);
        guard.begin();
        return guard;
    }

    /** The deadline file as a guard reads it. */
    Optional<Deadline> deadline() {
        try {
            return deadline.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Folder folder(InstanceId id) {
        return folders.computeIfAbsent(id, absent -> new Folder());
    }

    /** Whether the recorded guard or its QEMU lives. */
    boolean alive(Folder folder) {
        SimGuard guard = folder.recorded;
        return guard != null && folder.recordedBoot.equals(bootId) && up && guard.alive();
    }

    void removeFolder(InstanceId id) {
        folders.remove(id);
    }

    void ended(InstanceId id) {
        Watcher told = watcher;
        if (told != null) {
            told.ended(id);
        }
    }
}
