package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.proto.v1.InstancePhase;
import java.time.Duration;
import java.util.Optional;

/** Sees what becomes of instances, for metrics. Called on the loop; never blocks. */
public interface InstanceObserver {
    /** An instance went from one phase to another; it is new if {@code from} is empty, gone if {@code to} is. */
    void phase(Optional<InstancePhase> from, Optional<InstancePhase> to);

    /** A guest runs, this long after its start was commanded. */
    void started(DriverKind driver, Duration took);

    /** The hypervisor could not be started. */
    void startFailed(DriverKind driver);

    /** An instance has ended that had been started. */
    void exited(InstanceEnd.Reason reason);

    /**
     * Of every instance of the agent's earlier process it is known whether it runs. Called once.
     *
     * @param took since they were asked for
     */
    void recovered(Duration took);
}
