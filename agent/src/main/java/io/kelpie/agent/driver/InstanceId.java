package io.kelpie.agent.driver;

import java.util.UUID;

/** One attempt to run a VM. */
public record InstanceId(UUID vmId, long incarnation) {
    public InstanceId {
        if (incarnation < 1) {
            throw new IllegalArgumentException("incarnation " + incarnation + " is below 1");
        }
    }

    /** {@code <vm uuid>/<incarnation>}. */
    @Override
    public String toString() {
        return vmId + "/" + incarnation;
    }
}
