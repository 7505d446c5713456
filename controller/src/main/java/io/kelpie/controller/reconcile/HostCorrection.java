package io.kelpie.controller.reconcile;

import io.kelpie.controller.model.ObservedInstance;
import java.util.UUID;

/** One thing that follows from a host's full list of instances. */
public sealed interface HostCorrection {
    /** The VM. */
    UUID vmId();

    /** The instance is the VM's present one: its phase is handled as if it had just been reported. */
    record Report(ObservedInstance instance) implements HostCorrection {
        @Override
        public UUID vmId() {
            return instance.vmId();
        }
    }

    /** The instance is stale and alive: its VM's record is at a higher incarnation or another place. */
    record KillStale(UUID vmId, long incarnation) implements HostCorrection {}

    /** The instance has ended and is of no use any more. */
    record Forget(UUID vmId, long incarnation, ForgetScope scope) implements HostCorrection {}

    /** No record explains the instance. It is kept and listed, and ended only by an operator's command. */
    record KeepOrphan(ObservedInstance instance, String reason) implements HostCorrection {
        @Override
        public UUID vmId() {
            return instance.vmId();
        }
    }

    /**
     * The instance is its VM's present one although its record has not reached it: the record is older than the host.
     * Only while records may be.
     */
    record Adopt(ObservedInstance instance) implements HostCorrection {
        @Override
        public UUID vmId() {
            return instance.vmId();
        }
    }

    /** The instance is alive beside another one of its VM, and is ended by an operator's command alone. */
    record Spare(UUID vmId, long incarnation) implements HostCorrection {}

    /** The VM is PLACED here and its start never arrived: send it again. */
    record ResendStart(UUID vmId, long incarnation) implements HostCorrection {}

    /** The instance should be stopping and does not yet: send the stop again. */
    record ResendStop(UUID vmId, long incarnation) implements HostCorrection {}

    /** The VM's instance should be here and is not: it has ended, nobody knows how. */
    record ReportLost(UUID vmId, long incarnation) implements HostCorrection {}
}
