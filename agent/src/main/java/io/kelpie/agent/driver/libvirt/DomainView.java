package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import java.util.Optional;

/**
 * A domain as libvirtd knows it.
 *
 * @param id the instance that it is; empty if it is not one of this driver's
 * @param power what its CPUs do; {@code GONE} if it has ended and is about to be forgotten
 */
record DomainView(Optional<InstanceId> id, Power power) {
    /** Whether it is this instance and has not ended. */
    boolean isActive(InstanceId instance) {
        return power != Power.GONE && id.isPresent() && id.get().equals(instance);
    }
}
