package io.kelpie.it.simulation;

import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.it.simulation.Observer.End;
import io.kelpie.it.simulation.SimGuard.Refusal;
import io.kelpie.it.simulation.SimMachine.Exit;
import io.kelpie.it.simulation.SimMachine.Folder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The driver of one life of an agent, over the machine's guards. It does what the driver for QEMU does, call by call; a
 * call that waits gives way to the simulation ({@link BlockingCall}).
 */
final class SimDriver implements VmDriver {
    private static final long START_NANOS = 30 * World.SECOND;
    private static final long SETTLE_NANOS = 5 * World.SECOND;

    private final SimMachine machine;
    private final SimProcess agent;
    private final CloseRule closeRule;
    private final Set<InstanceId> live = new HashSet<>();
    private final Map<InstanceId, Launch> launches = new HashMap<>();
    private Consumer<DriverEvent> listener = event -> {};

    /** Whether an instance without a record is closed before it is called gone. */
    enum CloseRule {
        CLOSES,
        TAKES_FOR_GONE
    }

    private static final class Launch {
        final SimGuard guard;
        final long untilNanos;
        long upAtNanos = Long.MAX_VALUE;

        Launch(SimGuard guard, long untilNanos) {
            this.guard = guard;
            this.untilNanos = untilNanos;
        }
    }

    SimDriver(SimMachine machine, SimProcess agent, CloseRule closeRule) {
        this.machine = machine;
        this.agent = agent;
        this.closeRule = closeRule;
        machine.watcher = this::ended;
    }

    @Override
    public DriverKind kind() {
        return DriverKind.QEMU;
    }

    @Override
    public DriverFingerprint fingerprint() {
        return DriverFingerprint.good("7.2");
    }

    @Override
    public DriverHandle handle(LaunchSpec spec) {
        return new DriverHandle(DriverKind.QEMU, 1, spec.id().toString());
    }

    // ---- start and adopt ----

    @Override
    public void start(LaunchSpec spec) throws DriverException {
        while (!comesUp(spec)) {
            BlockingCall.pause();
        }
    }

    private boolean comesUp(LaunchSpec spec) throws DriverException {
        InstanceId id = spec.id();
        if (live.contains(id)) {
            return true;
        }
        Launch launch = launches.get(id);
        if (launch == null) {
            Folder folder = machine.folder(id);
            if (folder.recorded != null) {
                if (!machine.alive(folder)) {
                    throw alreadyRan(id);
                }
                if (!folder.recorded.qemuRuns()) {
                    return false;
                }
                live.add(id);
                return true;
            }
            launches.put(id, new Launch(machine.spawn(id, spec.lease()), machine.world.now() + START_NANOS));
            return false;
        }
        return isUp(id, launch);
    }

    private boolean isUp(InstanceId id, Launch launch) throws DriverException {
        Folder folder = machine.folders.get(id);
        if (launch.guard.qemuRuns()) {
            if (launch.upAtNanos == Long.MAX_VALUE) {
                launch.upAtNanos = machine.world.now() + machine.random.nextLong(machine.startNanos);
            }
            if (machine.world.now() >= launch.upAtNanos) {
                launches.remove(id);
                live.add(id);
                return true;
            }
        } else if (!launch.guard.alive()) {
            launches.remove(id);
            if (launch.guard.refusal() == Refusal.BUSY) {
                return false; // another guard is at work: the next look finds its record
            }
            if (folder != null && folder.exit == Exit.GUEST_SHUTDOWN && !folder.commanded) {
                return true; // it ran, and shut itself down faster than anyone could ask
            }
            throw new DriverException(message(folder), "", null);
        }
        if (machine.world.now() < launch.untilNanos) {
            return false;
        }
        // It is not up in time: an end is made of it, and only then it is called so.
        launch.guard.kill(End.COMMAND);
        if (folder != null) {
            folder.closed = true;
        }
        launches.remove(id);
        throw new DriverException("QEMU was not up in time");
    }

    @Override
    public InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException {
        if (!live.contains(id) && !launches.containsKey(id)) {
            @Nullable Folder folder = settledFolder(id);
            if (folder != null && machine.alive(folder)) {
                live.add(id);
            }
        }
        return inspect(id, handle);
    }

    /** The files with a record; null if there is none, and there never will be one. */
    private @Nullable Folder settledFolder(InstanceId id) throws DriverException {
        long until = machine.world.now() + SETTLE_NANOS;
        while (true) {
            Folder folder = machine.folder(id);
            if (folder.recorded != null) {
                return folder;
            }
            if (closeRule == CloseRule.TAKES_FOR_GONE) {
                return null;
            }
            if (folder.lockedBy == null) {
                folder.closed = true;
                return null;
            }
            if (machine.world.now() >= until) {
                throw new DriverException("the guard holds its lock and wrote no record");
            }
            BlockingCall.pause();
        }
    }

    @Override
    public InstanceStatus inspect(InstanceId id, DriverHandle handle) {
        Folder folder = machine.folders.get(id);
        SimGuard guard = folder == null ? null : folder.recorded;
        if (folder != null && guard != null && machine.alive(folder)) {
            return new InstanceStatus(guard.qemuRuns() ? Power.RUNNING : Power.STARTING, guard.pid, Optional.empty());
        }
        if (launches.containsKey(id)) {
            return new InstanceStatus(Power.STARTING, 0, Optional.empty());
        }
        return new InstanceStatus(Power.GONE, 0, Optional.of(exitInfo(folder)));
    }

    private static ExitInfo exitInfo(@Nullable Folder folder) {
        if (folder == null || folder.exit == null) {
            boolean commanded = folder != null && folder.commanded;
            return new ExitInfo(commanded ? ExitInfo.Cause.COMMANDED : ExitInfo.Cause.LOST, 0, 0, message(folder), "");
        }
        if (folder.commanded) {
            return new ExitInfo(ExitInfo.Cause.COMMANDED, 0, 9, message(folder), "");
        }
        return switch (folder.exit) {
            case GUEST_SHUTDOWN -> new ExitInfo(ExitInfo.Cause.GUEST_SHUTDOWN, 0, 0, message(folder), "");
            case SIGNAL -> new ExitInfo(ExitInfo.Cause.CRASHED, 0, 9, message(folder), "");
            case DEADLINE -> new ExitInfo(ExitInfo.Cause.LEASE_ENDED, 0, 9, message(folder), "");
        };
    }

    private static String message(@Nullable Folder folder) {
        return folder == null || folder.exit == null ? "no trace" : "ended: " + folder.exit;
    }

    @Override
    public List<InstanceId> list() {
        List<InstanceId> found = new ArrayList<>();
        machine.folders.forEach((id, folder) -> {
            if (machine.alive(folder)) {
                found.add(id);
            }
        });
        return found;
    }

    // ---- ending ----

    @Override
    public StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException {
        return end(id, "stop", machine.stopNanos);
    }

    @Override
    public StopRung kill(InstanceId id, DriverHandle handle) throws DriverException {
        return end(id, "kill", machine.stopNanos / 10);
    }

    private StopRung end(InstanceId id, String what, long slownessNanos) throws DriverException {
        @Nullable Folder folder = settledFolder(id);
        if (folder == null || !machine.alive(folder)) {
            return StopRung.ALREADY_GONE;
        }
        folder.commanded = true;
        long until = machine.world.now() + World.MILLI + machine.random.nextLong(slownessNanos);
        while (machine.world.now() < until) {
            BlockingCall.pause();
        }
        SimGuard guard = folder.recorded;
        if (guard != null && guard.qemuRuns()) {
            guard.end(End.COMMAND, Exit.SIGNAL);
        } else if (guard != null) {
            guard.kill(End.COMMAND);
        }
        return "stop".equals(what) ? StopRung.QUIT : StopRung.KILL;
    }

    @Override
    public void pause(InstanceId id, DriverHandle handle) {}

    @Override
    public void resume(InstanceId id, DriverHandle handle) {}

    // ---- events ----

    @Override
    public void onEvent(Consumer<DriverEvent> newListener) {
        listener = newListener;
    }

    /** The machine says that an instance's processes are gone; whoever watches them notices a little later. */
    private void ended(InstanceId id) {
        agent.post(World.MILLI + machine.random.nextLong(20 * World.MILLI), () -> {
            if (live.remove(id)) {
                listener.accept(new DriverEvent.Exited(id, exitInfo(machine.folders.get(id))));
            }
        });
    }

    @Override
    public void close() {}

    static DriverException alreadyRan(InstanceId id) {
        return new DriverException("instance " + id + " has ended already; an instance is run once");
    }
}
