package io.kelpie.controller.model;

import java.util.UUID;

/** One row of a host's full list of instances. */
public record ObservedInstance(UUID vmId, long incarnation, InstancePhase phase) {}
