package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.VmShape;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A VM that wants a place.
 *
 * @param vmId the VM
 * @param shape what it asks for
 * @param boundToHost the host that holds its kept disks, if any: it can run nowhere else. The space of the shape's pools
 *     is held there already and is part of that host's {@code usedPoolMib}, so it is not asked for again
 * @param boundDisk what is kept there, for messages, e.g. {@code root}; empty if not bound
 * @param preferredHost a host to take if it passes every rule
 * @param avoidedHosts hosts that refused a start lately
 */
public record PlacementRequest(
        UUID vmId,
        VmShape shape,
        Optional<String> boundToHost,
        String boundDisk,
        Optional<String> preferredHost,
        Set<String> avoidedHosts) {
    public PlacementRequest {
        avoidedHosts = Set.copyOf(avoidedHosts);
    }
}
