package io.kelpie.it.benchmark.churn;

/** What is special about the VMs of a job. Each job has one kind. */
public enum Kind {
    /** Room alone, now and then hugepages, a CPU model, images, a host that refused lately or one that is preferred. */
    PLAIN,
    /** Spread over racks, zones or hosts. */
    SPREAD,
    /** Kept apart, or from another job's VMs, or partitions apart. */
    ANTI_AFFINITY,
    /** Together, or near another job's VMs. */
    AFFINITY,
    /** Labels required or preferred, or a taint tolerated. */
    LABELS,
    /** One or two NUMA nodes of the host. */
    NUMA,
    /** Devices. */
    DEVICES
}
