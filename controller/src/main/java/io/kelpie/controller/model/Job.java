package io.kelpie.controller.model;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What an operator asks for: so many VMs of one shape. Immutable.
 *
 * @param uid tells apart jobs that had the same name one after the other
 * @param key its namespace and name
 * @param labels its labels
 * @param replicas VMs wanted; their ordinals are 0 to {@code replicas - 1}
 * @param restart when a VM whose instance has ended is started again
 * @param shape what each VM asks of its host
 * @param rules where its VMs may run
 * @param priority 0 to 100; a higher one may preempt a lower one
 * @param maxUnavailable VMs that may be kept from running at once for the sake of others, at least 1
 * @param version grows by one with every change of the spec
 * @param deleting whether the job goes as soon as its VMs are gone
 * @param incarnationFloor no new VM gets an incarnation at or below this one
 * @param restartSerial grows by one with every rolling restart
 * @param restartMaxUnavailable VMs that a rolling restart may keep from running at once; below 1 counts as 1
 * @param deleteDisks whether kept disks go with deleted VMs
 */
public record Job(
        UUID uid,
        JobKey key,
        SortedMap<String, String> labels,
        int replicas,
        RestartPolicy restart,
        VmShape shape,
        PlacementRules rules,
        int priority,
        int maxUnavailable,
        long version,
        boolean deleting,
        long incarnationFloor,
        long restartSerial,
        int restartMaxUnavailable,
        boolean deleteDisks) {
    public Job {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    /** Incarnation of the first instance of a VM that this job makes now. */
    public long firstIncarnation() {
        return Math.max(incarnationFloor, 0) + 1;
    }
}
