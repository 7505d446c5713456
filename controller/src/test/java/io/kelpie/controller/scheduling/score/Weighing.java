package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestInventory;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.List;

/** One scorer, asked about one VM and a few hosts. */
final class Weighing {
    private final Scorer scorer;
    private final Inventory inventory;
    private final Ask ask;

    private Weighing(Scorer scorer, Inventory inventory, Ask ask) {
        this.scorer = scorer;
        this.inventory = inventory;
        this.ask = ask;
    }

    static Weighing of(Scorer scorer, TestVm vm, TestHost... hosts) {
        return of(scorer, vm, List.of(), hosts);
    }

    static Weighing of(Scorer scorer, TestVm vm, List<InstanceView> instances, TestHost... hosts) {
        Inventory inventory = TestInventory.of(SchedulingPolicy.DEFAULT, instances, hosts);
        return new Weighing(scorer, inventory, inventory.ask(vm.request()));
    }

    boolean concerns() {
        return scorer.concerns(ask, inventory);
    }

    /** What the host costs, in points of 100. */
    double points(String hostName) {
        return (double) scorer.cost(inventory, inventory.hosts().hostIndex("id-" + hostName), ask) / Scorer.POINT;
    }
}
