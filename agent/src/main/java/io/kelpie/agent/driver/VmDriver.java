package io.kelpie.agent.driver;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs instances on this host. One contract ({@code VmDriverContract}) holds for all drivers.
 *
 * <p>Methods block, each with a deadline of its own, and are safe to call from several threads; calls for different
 * instances never wait for each other, however hung one hypervisor is. All are idempotent by instance. Instances
 * outlive the driver object and the agent's process.
 */
public interface VmDriver extends AutoCloseable {
    DriverKind kind();

    /** Looks at the host; takes at most a few seconds. */
    DriverFingerprint fingerprint();

    /**
     * The handle that {@link #start} of this instance will answer to. Pure; called before {@code start}, so that the
     * ledger knows the handle before any process exists.
     */
    DriverHandle handle(LaunchSpec spec);

    /**
     * Starts the instance; returns when the guest's CPUs run. A second call for an instance that exists changes
     * nothing and returns when it runs.
     *
     * @throws DriverException if the hypervisor could not be started or ended before the guest ran, or if the spec is
     *     leased and this driver can run no leased instances; no process is left
     */
    void start(LaunchSpec spec) throws DriverException;

    /**
     * Takes charge of an instance that an earlier process of the agent started, as far as it exists: its events are
     * reported from now on, {@link DriverEvent.Exited} too if it has ended meanwhile.
     *
     * @return the instance as it is now; {@code GONE} with its exit if it has ended
     */
    InstanceStatus adopt(InstanceId id, DriverHandle handle) throws DriverException;

    /** The instance as it is now. */
    InstanceStatus inspect(InstanceId id, DriverHandle handle) throws DriverException;

    /**
     * The stop ladder: ACPI request, wait for {@code grace}, quit, kill. Returns when no process is left, with the rung
     * that worked.
     *
     * @throws DriverException if a process is left that even SIGKILL does not end within 5 s
     */
    StopRung stop(InstanceId id, DriverHandle handle, Duration grace) throws DriverException;

    /** Kills the instance at once. Returns when no process is left. */
    StopRung kill(InstanceId id, DriverHandle handle) throws DriverException;

    /** Stops the guest's CPUs. */
    void pause(InstanceId id, DriverHandle handle) throws DriverException;

    /** Lets the guest's CPUs go on. */
    void resume(InstanceId id, DriverHandle handle) throws DriverException;

    /** Instances of this driver that exist on this host, whoever started them. */
    List<InstanceId> list() throws DriverException;

    /**
     * Sets the one listener; called before any instance is started or adopted. It is called on threads of the driver,
     * for one instance in order, and must not block.
     */
    void onEvent(Consumer<DriverEvent> listener);

    /** Releases connections and threads. Instances go on. */
    @Override
    void close();
}
