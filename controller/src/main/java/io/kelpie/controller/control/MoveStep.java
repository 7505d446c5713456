package io.kelpie.controller.control;

import java.util.Optional;
import java.util.UUID;

/**
 * A VM that is to leave a host.
 *
 * @param vmId the VM
 * @param from id of the host that it leaves
 * @param to id of the host that it goes to, or not at all; empty: any that takes it
 * @param wave the wave with which it goes, from 1, in rising order
 */
public record MoveStep(UUID vmId, String from, Optional<String> to, int wave) {}
