package io.kelpie.controller.control;

import io.kelpie.proto.v1.Host;

/**
 * What a plan of a drain starts from.
 *
 * @param plan what placement knows
 * @param hostId the host that is drained
 * @param host the same as operators see it
 */
public record DrainBasis(PlanBasis plan, String hostId, Host host) {}
