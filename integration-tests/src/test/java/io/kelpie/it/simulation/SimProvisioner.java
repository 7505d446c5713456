package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.instance.InstanceFolders;
import io.kelpie.agent.instance.Provisioner;
import io.kelpie.agent.instance.StartOrder;
import java.util.UUID;

/** Images and disks that are ready after a while. */
final class SimProvisioner implements Provisioner {
    private final SimMachine machine;
    private final InstanceFolders folders;
    long slownessNanos = 20 * World.MILLI;

    SimProvisioner(SimMachine machine, InstanceFolders folders) {
        this.machine = machine;
        this.folders = folders;
    }

    @Override
    public Prepared prepare(StartOrder order, Watcher watcher) {
        long at = machine.world.now() + World.MILLI + machine.random.nextLong(slownessNanos);
        while (machine.world.now() < at) {
            BlockingCall.pause();
        }
        LaunchSpec spec = new LaunchSpec.Builder(
                        order.id(),
                        order.vmName(),
                        order.accelerator(),
                        folders.serialLog(order.id().vmId()),
                        folders.instance(order.id()),
                        folders.run(order.id()))
                .size(order.template().getVcpus(), order.template().getMemoryMib())
                .build();
        return new Prepared(spec, false);
    }

    @Override
    public boolean hasKeptDisks(UUID vmId) {
        return false;
    }

    @Override
    public void removeInstance(InstanceId id) {}

    @Override
    public void removeKeptDisks(UUID vmId) {}
}
