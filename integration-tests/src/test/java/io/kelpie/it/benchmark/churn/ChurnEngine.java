package io.kelpie.it.benchmark.churn;

import java.util.List;

/** Something that places the VMs of jobs on a {@link ChurnPool} and keeps the books. Used by one thread. */
public interface ChurnEngine extends AutoCloseable {
    /** Decides on all VMs of the jobs, which have no places yet, and notes the seats in them. */
    void place(List<ChurnJob> jobs);

    /** The placed VMs of a job run: they are no starts in flight any more. */
    default void started(ChurnJob job) {}

    /** All placed VMs of a job are gone. */
    void remove(ChurnJob job);

    /**
     * Books VMs where another engine has put them.
     *
     * @param hosts by VM, {@link ChurnJob#NOWHERE} for none
     */
    void adopt(ChurnJob job, int[] hosts);

    /** Number of the host of a VM, or {@link ChurnJob#NOWHERE}. */
    default int hostOf(ChurnJob job, int vm) {
        return job.seat(vm);
    }

    /** How many VMs it likes to get in one call, at least. */
    default int batchVms() {
        return 1;
    }

    @Override
    default void close() {}
}
