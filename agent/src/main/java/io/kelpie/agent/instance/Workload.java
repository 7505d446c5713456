package io.kelpie.agent.instance;

/**
 * What an instance belongs to and takes: what the ledger can tell of one that the cluster knows no more.
 *
 * @param namespace its job's namespace; empty if not known
 * @param job its job's name; empty if not known
 * @param vcpus virtual CPUs; 0 if not known
 * @param memoryMib memory of the guest, in MiB; 0 if not known
 */
public record Workload(String namespace, String job, int vcpus, long memoryMib) {
    /** Of an instance whose entry was lost, or written by an older agent. */
    public static final Workload UNKNOWN = new Workload("", "", 0, 0);
}
