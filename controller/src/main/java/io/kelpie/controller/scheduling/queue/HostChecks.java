package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.PlacementRequest;

/**
 * What the queue asks about single hosts. Every answer is about the cluster as it is at the time of the call. Belongs
 * to the queue's thread.
 */
public interface HostChecks {
    /** A request that is checked against hosts. */
    interface Check {
        /** vCPUs that a host without which cannot help. */
        int vcpus();

        /** Ordinary memory, in MiB, that a host without which cannot help. */
        long memoryMib();

        /**
         * Whether a change of this host can have made room for the request. May say yes too often, at the price of a
         * vain search; never no if the host now passes every rule.
         */
        boolean mayHelp(String hostId);
    }

    /** Prepares a request for its checks, now and later. */
    Check check(PlacementRequest request);

    /** Whether VMs of other jobs keep away from this job's: then no other job's VM stands for one of it. */
    boolean isRepelled(JobKey job);

    /** vCPUs that a host may still promise; negative if the host is not there. */
    int freeVcpus(String hostId);

    /** Ordinary memory left on a host, in MiB; negative if the host is not there. */
    long freeMemoryMib(String hostId);
}
