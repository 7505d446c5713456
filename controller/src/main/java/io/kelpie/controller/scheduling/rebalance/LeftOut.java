package io.kelpie.controller.scheduling.rebalance;

import java.util.Optional;
import java.util.UUID;

/**
 * A VM or a host that the rebalance left alone though it looked at it.
 *
 * @param hostId the host
 * @param vmId the VM; empty if it is about the host as a whole
 * @param reason why, in words that follow the name
 */
public record LeftOut(String hostId, Optional<UUID> vmId, String reason) {}
