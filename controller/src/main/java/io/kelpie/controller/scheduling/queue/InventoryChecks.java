package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.engine.HostCheck;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;

/** Answers from the inventory that VMs are placed in. Belongs to its thread. */
public final class InventoryChecks implements HostChecks {
    private final Inventory inventory;

    public InventoryChecks(Inventory inventory) {
        this.inventory = inventory;
    }

    @Override
    public Check check(PlacementRequest request) {
        HostCheck engine = new HostCheck(inventory, request);
        return new Check() {
            @Override
            public int vcpus() {
                return engine.vcpus();
            }

            @Override
            public long memoryMib() {
                return engine.memoryMib();
            }

            @Override
            public boolean mayHelp(String hostId) {
                return engine.passes(hostId);
            }
        };
    }

    @Override
    public boolean isRepelled(JobKey job) {
        return inventory.terms(job, PlacementRules.NONE).members().isRepelled();
    }

    @Override
    public int freeVcpus(String hostId) {
        int host = inventory.hosts().hostIndex(hostId);
        return host == HostTable.UNKNOWN ? -1 : inventory.hosts().freeVcpus(host);
    }

    @Override
    public long freeMemoryMib(String hostId) {
        int host = inventory.hosts().hostIndex(hostId);
        return host == HostTable.UNKNOWN ? -1 : inventory.hosts().freeMemoryMib(host);
    }
}
