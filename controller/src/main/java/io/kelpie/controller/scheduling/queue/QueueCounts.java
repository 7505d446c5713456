package io.kelpie.controller.scheduling.queue;

/**
 * How full the queue is and what it has done so far.
 *
 * @param vms in the queue
 * @param ready VMs that wait for their turn
 * @param waiting VMs that wait for a time
 * @param blocked VMs that wait for a change
 * @param classes of VMs that share a verdict
 * @param blockedClasses those of them that wait for a change
 * @param offers VMs that were given out to be decided on, since the beginning
 * @param checks of a host against a blocked class, since the beginning
 */
public record QueueCounts(
        int vms, int ready, int waiting, int blocked, int classes, int blockedClasses, long offers, long checks) {}
