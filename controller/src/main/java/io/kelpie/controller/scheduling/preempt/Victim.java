package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.JobKey;
import java.util.UUID;

/**
 * A VM that is ended so that a more important one finds a place.
 *
 * @param vmId the VM
 * @param job its job
 * @param priority its priority, lower than that of the VM that takes its place
 * @param sinceMillis when it was placed, in milliseconds since 1970
 * @param instance number of its instance in the inventory
 */
public record Victim(UUID vmId, JobKey job, int priority, long sinceMillis, int instance) {}
