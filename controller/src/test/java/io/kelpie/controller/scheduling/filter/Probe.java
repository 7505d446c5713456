package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestInventory;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.List;

/** One rule, asked about one VM and a few hosts. */
final class Probe {
    private final Filter filter;
    private final Inventory inventory;
    private final Ask ask;

    private Probe(Filter filter, Inventory inventory, Ask ask) {
        this.filter = filter;
        this.inventory = inventory;
        this.ask = ask;
    }

    static Probe of(Filter filter, TestVm vm, TestHost... hosts) {
        return of(filter, SchedulingPolicy.DEFAULT, vm, List.of(), hosts);
    }

    static Probe of(Filter filter, TestVm vm, List<InstanceView> instances, TestHost... hosts) {
        return of(filter, SchedulingPolicy.DEFAULT, vm, instances, hosts);
    }

    static Probe of(
            Filter filter, SchedulingPolicy policy, TestVm vm, List<InstanceView> instances, TestHost... hosts) {
        Inventory inventory = TestInventory.of(policy, instances, hosts);
        Ask ask = inventory.ask(vm.request());
        new Search(inventory).best(ask); // decides the floors of spread
        return new Probe(filter, inventory, ask);
    }

    /** Whether the rule has anything to say about the VM. */
    boolean concerns() {
        return filter.concerns(ask);
    }

    boolean passes(String hostName) {
        return distance(hostName) == 0;
    }

    long distance(String hostName) {
        return filter.distance(inventory.hosts(), index(hostName), ask);
    }

    Rejection rejection(String hostName) {
        return filter.rejection(inventory.hosts(), index(hostName), ask);
    }

    private int index(String hostName) {
        return inventory.hosts().hostIndex("id-" + hostName);
    }
}
