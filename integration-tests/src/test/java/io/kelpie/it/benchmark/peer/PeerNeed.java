package io.kelpie.it.benchmark.peer;

import io.kelpie.controller.model.Reservation;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;

/**
 * What a VM of a job takes of its host.
 *
 * @param memoryMib ordinary memory, in MiB
 * @param diskMib space in the one pool, in MiB
 * @param devices of the one kind
 */
record PeerNeed(int vcpus, long memoryMib, long diskMib, int devices) {
    static PeerNeed of(ChurnJob job) {
        Reservation wanted = job.reservation();
        return new PeerNeed(
                wanted.vcpus(),
                wanted.memoryMib(),
                wanted.poolMib().getOrDefault(ChurnPool.POOL, 0L),
                wanted.devices().getOrDefault(ChurnPool.DEVICE, 0));
    }
}
