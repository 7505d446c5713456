package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LeaseBond;
import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.Deadline.End.At;
import io.kelpie.it.simulation.Observer.End;
import io.kelpie.it.simulation.SimMachine.Exit;
import io.kelpie.it.simulation.SimMachine.Folder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * kelpie-guard, step by step: lock, record, check, run, kill at the deadline. Before its record is written it may hang
 * for any time; after it, the guard acts within the kill margin.
 */
final class SimGuard {
    /** How a guard that runs nothing ended. */
    enum Refusal {
        NONE,
        BUSY,
        CLOSED,
        ALREADY_RAN,
        LEASE_ENDED,
        NO_FOLDER
    }

    /** Of the kill margin, what a guard may take between its checks and QEMU, and again from the deadline to its kill. */
    private static final long HASTE_NANOS = World.SECOND / 2;

    final long pid;
    private final SimMachine machine;
    private final InstanceId id;
    private final Optional<LeaseBond> lease;
    private boolean alive = true;
    private boolean qemuRuns;
    private @Nullable Folder folder;
    private Refusal refusal = Refusal.NONE;

    SimGuard(SimMachine machine, long pid, InstanceId id, Optional<LeaseBond> lease) {
        this.machine = machine;
        this.pid = pid;
        this.id = id;
        this.lease = lease;
    }

    boolean alive() {
        return alive;
    }

    boolean qemuRuns() {
        return qemuRuns;
    }

    boolean leased() {
        return lease.isPresent();
    }

    Refusal refusal() {
        return refusal;
    }

    void begin() {
        next(anyDelay(), this::lock);
    }

    private long anyDelay() {
        long usual = World.MILLI + machine.random.nextLong(4 * World.MILLI);
        if (machine.guardDelayNanos > 0 && machine.random.nextInt(2) == 0) {
            machine.world.fault(Fault.GUARD_DELAY, machine.name + " " + id);
            return usual + machine.random.nextLong(machine.guardDelayNanos);
        }
        long hang = machine.guardsHangUntilNanos - machine.world.now();
        return hang > 0 && machine.random.nextInt(2) == 0 ? usual + hang : usual;
    }

    private void next(long nanos, Runnable step) {
        machine.world.after(nanos, () -> {
            if (alive) {
                step.run();
            }
        });
    }

    private void lock() {
        Folder found = machine.folders.get(id);
        if (found == null) {
            refuse(Refusal.NO_FOLDER);
        } else if (found.lockedBy != null) {
            refuse(Refusal.BUSY);
        } else if (found.closed) {
            refuse(Refusal.CLOSED);
        } else if (found.recorded != null || found.exit != null) {
            refuse(Refusal.ALREADY_RAN);
        } else {
            folder = found;
            found.lockedBy = this;
            if (machine.guardRules.recordsFirst()) {
                next(anyDelay(), this::record);
            } else {
                next(anyDelay(), this::check);
            }
        }
    }

    private void record() {
        publishRecord();
        next(anyDelay(), this::check);
    }

    private void publishRecord() {
        Folder files = files();
        files.recorded = this;
        files.recordedBoot = machine.bootId;
    }

    private void check() {
        boolean mayRun = lease.map(bond -> machine.guardRules.mayRun(
                        machine.deadline(), machine.bootId, bond.lineage(), machine.clock.nanos()))
                .orElse(true);
        if (!mayRun) {
            files().exit = Exit.DEADLINE;
            refuse(Refusal.LEASE_ENDED);
        } else if (machine.guardRules.recordsFirst()) {
            next(machine.random.nextLong(HASTE_NANOS / 4), this::run);
        } else {
            next(anyDelay(), () -> {
                publishRecord();
                run();
            });
        }
    }

    private void run() {
        qemuRuns = true;
        machine.observer.runs(machine, id, leased());
        next(machine.random.nextLong(2 * World.MILLI), () -> files().qemuRecorded = true);
        lease.ifPresent(this::arm);
    }

    private void arm(LeaseBond bond) {
        if (!machine.guardRules.enforces()) {
            return;
        }
        Optional<Deadline> file = machine.deadline();
        long now = machine.clock.nanos();
        if (!machine.guardRules.goesOn(file, machine.bootId, bond.lineage(), now)) {
            next(machine.random.nextLong(HASTE_NANOS), () -> end(End.DEADLINE, Exit.DEADLINE));
        } else if (file.isPresent() && file.get().end() instanceof At at) {
            next(machine.clock.trueNanos(at.nanos() - now), () -> arm(bond));
        } else {
            next(machine.clock.trueNanos(World.SECOND), () -> arm(bond));
        }
    }

    /** QEMU has ended, or is killed by the guard; the guard writes how, and ends. */
    void end(End how, Exit exit) {
        if (qemuRuns) {
            qemuRuns = false;
            machine.observer.ended(machine, id, leased(), how);
        }
        files().exit = exit;
        die();
    }

    private void refuse(Refusal why) {
        refusal = why;
        die();
    }

    /** kill -9: QEMU dies with it, in the kernel, and nobody writes anything. */
    void kill(End how) {
        if (!alive) {
            return;
        }
        if (qemuRuns) {
            qemuRuns = false;
            machine.observer.ended(machine, id, leased(), how);
        }
        die();
    }

    void powerOff() {
        kill(End.POWER);
    }

    private void die() {
        alive = false;
        machine.spawned.remove(pid);
        Folder files = folder;
        if (files != null && files.lockedBy == this) {
            files.lockedBy = null;
        }
        machine.ended(id);
    }

    private Folder files() {
        Folder files = folder;
        if (files == null) {
            throw new IllegalStateException("not locked");
        }
        return files;
    }
}
