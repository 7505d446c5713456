package io.kelpie.agent.instance;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import java.io.IOException;
import java.util.UUID;

/**
 * Makes and removes what an instance needs before and beside its hypervisor: images, disks, the seed. Methods block, and
 * are called for one VM from one thread at a time. All are idempotent.
 */
public interface Provisioner {
    /** Who waits for a preparation. Called on the thread that prepares. */
    interface Watcher {
        /** What is being done: one sentence with figures. May be called often. */
        void progress(String sentence);

        /** True once the result is not wanted any more. */
        boolean cancelled();
    }

    /**
     * What is ready.
     *
     * @param spec for the driver
     * @param keptDisks whether this host holds kept disks of the VM
     */
    record Prepared(LaunchSpec spec, boolean keptDisks) {}

    /** Makes everything that the instance needs. */
    Prepared prepare(StartOrder order, Watcher watcher) throws StartRejectedException, InterruptedException;

    /** Whether this host holds kept disks of the VM. */
    boolean hasKeptDisks(UUID vmId) throws IOException;

    /** Removes the disks of an ended instance that no later one uses. */
    void removeInstance(InstanceId id) throws IOException;

    /** Removes the disks of the VM that outlive its instances. */
    void removeKeptDisks(UUID vmId) throws IOException;
}
