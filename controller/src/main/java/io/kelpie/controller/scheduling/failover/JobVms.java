package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.JobMembers;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The instances of each job. Belongs to one thread. */
final class JobVms {
    private static final IntList NONE = new IntList();

    private final Map<JobMembers, IntList> byJob = new HashMap<>();

    /** Those that have instances. */
    Set<JobMembers> jobs() {
        return byJob.keySet();
    }

    /** To read, until the next change. */
    IntList of(JobMembers job) {
        return byJob.getOrDefault(job, NONE);
    }

    void add(JobMembers job, int instance) {
        byJob.computeIfAbsent(job, any -> new IntList()).add(instance);
    }

    void remove(JobMembers job, int instance) {
        IntList vms = byJob.get(job);
        if (vms != null) {
            vms.removeValue(instance);
            if (vms.isEmpty()) {
                byJob.remove(job);
            }
        }
    }
}
