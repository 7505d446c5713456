package io.kelpie.controller.control;

import io.kelpie.proto.v1.ControllerSet;

/**
 * A host that an operator is about to call dead.
 *
 * @param controllers everyone who could have heard it
 */
public record SuspectedHost(String id, String name, ControllerSet controllers) {}
