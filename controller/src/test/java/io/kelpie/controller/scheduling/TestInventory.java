package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.List;

/** Inventories for tests. */
public final class TestInventory {
    private TestInventory() {}

    public static Inventory of(SchedulingPolicy policy, List<InstanceView> instances, TestHost... hosts) {
        Inventory inventory = new Inventory(policy, 1, Reservation::of);
        for (TestHost host : hosts) {
            inventory.put(host.view());
        }
        instances.forEach(inventory::count);
        return inventory;
    }

    /** As a snapshot says. */
    public static Inventory of(SchedulingPolicy policy, ClusterSnapshot snapshot, long seed) {
        Inventory inventory = new Inventory(policy, seed, Reservation::of);
        snapshot.hosts().forEach(inventory::put);
        snapshot.instances().forEach(inventory::count);
        return inventory;
    }
}
