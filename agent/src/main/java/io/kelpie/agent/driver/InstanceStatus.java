package io.kelpie.agent.driver;

import java.util.Optional;

/**
 * An instance as its driver sees it now.
 *
 * @param power what its CPUs do
 * @param pid process id of the hypervisor; 0 if there is none
 * @param exit how it ended, if {@code power} is {@link Power#GONE}
 */
public record InstanceStatus(Power power, long pid, Optional<ExitInfo> exit) {
    /** What the guest's CPUs do. */
    public enum Power {
        /** The hypervisor exists, the guest does not run yet. */
        STARTING,
        RUNNING,
        PAUSED,
        /** The hypervisor exists and does not answer. */
        UNRESPONSIVE,
        /** There is no process any more (a zombie is none). */
        GONE
    }
}
