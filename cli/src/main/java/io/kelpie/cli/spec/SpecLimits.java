package io.kelpie.cli.spec;

/** What a job may have at most. The controller checks the same again. */
final class SpecLimits {
    static final int MAX_REPLICAS = 10_000;
    static final int MAX_ATTEMPTS = 100;
    static final int MAX_VCPUS = 512;
    static final int MAX_GRACE_SECONDS = 3_600;
    static final int MAX_LABELS = 64;
    static final int MAX_DISKS = 32;
    static final int MAX_NETWORKS = 16;
    static final int MAX_DISK_NAME = 20;
    static final int MAX_PRIORITY = 100;
    /** Of each list of placement rules. */
    static final int MAX_RULES = 16;

    static final int MAX_WEIGHT = 100;
    static final int MAX_SKEW = MAX_REPLICAS;
    static final int MAX_PARTITIONS = MAX_REPLICAS;
    static final int MAX_NUMA_NODES = 8;
    static final int MAX_DEVICE_KINDS = 16;
    static final int MAX_DEVICES_OF_KIND = 64;
    static final int MAX_SPEC_BYTES = 256 * 1024;
    static final int MAX_CLOUD_INIT_BYTES = 64 * 1024;
    /** Of all documents of a file together. */
    static final int MAX_FILE_BYTES = 4 * 1024 * 1024;

    private SpecLimits() {}
}
