package io.kelpie.agent.instance;

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A driver of hypervisors that exist in a map; the map outlives drivers, as hypervisors do. For one thread. */
public final class ScriptedDriver implements VmDriver {
    /** The host's hypervisors. */
    public static final class Processes {
        final Map<InstanceId, InstanceStatus> all = new HashMap<>();
        long nextPid = 1000;

        public List<InstanceId> running() {
            return all.entrySet().stream()
                    .filter(entry -> entry.getValue().power() != Power.GONE)
                    .map(Map.Entry::getKey)
                    .toList();
        }

        /** Ends a hypervisor behind everybody's back. */
        public void end(InstanceId id, ExitInfo.Cause cause, int signal) {
            all.put(
                    id,
                    new InstanceStatus(
                            Power.GONE, 0, Optional.of(new ExitInfo(cause, 0, signal, "ended by the test", ""))));
        }
    }

    final Processes processes;
    final List<String> calls = new ArrayList<>();
    final List<LaunchSpec> specs = new ArrayList<>();

    @Nullable DriverException startFailure;

    /** How an instance ended whose start fails. */
    ExitInfo.@Nullable Cause startEnd;

    @Nullable RuntimeException startDefect;

    @Nullable DriverException adoptFailure;

    @Nullable DriverException stopFailure;

    StopRung stopRung = StopRung.ACPI;
    private final DriverKind kind;
    private Consumer<DriverEvent> listener = event -> {};

    public ScriptedDriver(Processes processes) {
        this(DriverKind.QEMU, processes);
    }

    ScriptedDriver(DriverKind kind, Processes processes) {
        this.kind = kind;
        this.processes = processes;
    }

    /** A hypervisor ends by itself. */
    public void exit(InstanceId id, ExitInfo.Cause cause, int signal) {
        processes.end(id, cause, signal);
        listener.accept(new DriverEvent.Exited(id, inspect(id).exit().orElseThrow()));
    }

    void power(InstanceId id, Power power) {
        processes.all.put(id, new InstanceStatus(power, inspect(id).pid(), Optional.empty()));
        listener.accept(new DriverEvent.PowerChanged(id, power));
    }

    private InstanceStatus inspect(InstanceId id) {
        InstanceStatus status = processes.all.get(id);
        return status != null
                ? status
                : new InstanceStatus(
                        Power.GONE, 0, Optional.of(new ExitInfo(ExitInfo.Cause.LOST, 0, 0, "no trace of it", "")));
    }

    @Override
    public DriverKind kind() {
        return kind;
    }

    @Override
    public DriverFingerprint fingerprint() {
        return new DriverFingerprint(true, "1", "", true);
    }

    @Override
    public DriverHandle handle(LaunchSpec spec) {
        return new DriverHandle(kind, 1, "handle-" + spec.id());
    }

    @Override
    public void start(LaunchSpec spec) throws DriverException {
        calls.add("start " + spec.id());
        specs.add(spec);
        if (startEnd != null) {
            processes.end(spec.id(), startEnd, 0);
        }
        if (startFailure != null) {
            throw startFailure;
        }
        processes.all.put(spec.id(), new InstanceStatus(Power.RUNNING, processes.nextPid++, Optional.empty()));
        if (startDefect != null) {
            throw startDefect;
        }
    }

    @Override
    public InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException {
        calls.add("adopt " + id);
        if (adoptFailure != null) {
            throw adoptFailure;
        }
        return inspect(id, handle);
    }

    @Override
    public InstanceStatus inspect(InstanceId id, DriverHandle handle) {
        return inspect(id);
    }

    @Override
    public StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException {
        calls.add("stop " + id + " " + grace.toSeconds());
        return end(id, stopRung);
    }

    @Override
    public StopRung kill(InstanceId id, DriverHandle handle) throws DriverException {
        calls.add("kill " + id);
        return end(id, StopRung.KILL);
    }

    private StopRung end(InstanceId id, StopRung rung) throws DriverException {
        if (stopFailure != null) {
            throw stopFailure;
        }
        InstanceStatus status = processes.all.get(id);
        if (status == null || status.power() == Power.GONE) {
            return StopRung.ALREADY_GONE;
        }
        exit(id, ExitInfo.Cause.COMMANDED, rung == StopRung.KILL ? 9 : 0);
        return rung;
    }

    @Override
    public void pause(InstanceId id, DriverHandle handle) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void resume(InstanceId id, DriverHandle handle) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<InstanceId> list() {
        return processes.running();
    }

    @Override
    public void onEvent(Consumer<DriverEvent> newListener) {
        listener = newListener;
    }

    @Override
    public void close() {
        listener = event -> {};
    }
}
