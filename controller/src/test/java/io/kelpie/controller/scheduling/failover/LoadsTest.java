package io.kelpie.controller.scheduling.failover;

import static io.kelpie.controller.scheduling.TestHost.named;
import static io.kelpie.controller.scheduling.failover.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoadsTest {
    private Inventory inventory;
    private Dimensions dimensions;
    private Loads loads;

    @BeforeEach
    void threeHosts() {
        inventory = new Inventory(Cluster.POLICY.withNPlusOne(NPlusOne.OFF), 7, Cluster::sizing);
        for (String name : List.of("a", "b", "c")) {
            inventory.put(named(name).devices("gpu", 1).view(new Amounts().asHeld(0)));
        }
        dimensions = new Dimensions(inventory.hosts());
        loads = new Loads(dimensions);
    }

    @Test
    void theMostThatAnyHostNeedsIsKeptInEachAmount() {
        loads.add(0, 2, size(vm("x").size(1, 5000)));
        loads.add(1, 2, size(vm("x").size(3, 1000)));
        loads.add(1, 2, size(vm("x").size(1, 1000)));

        assertThat(loads.kept(2, Dimensions.VCPUS)).isEqualTo(4);
        assertThat(loads.kept(2, Dimensions.MEMORY)).isEqualTo(5000);
        assertThat(loads.load(loads.pair(1, 2), Dimensions.MEMORY)).isEqualTo(2000);
    }

    @Test
    void whatGoesIsKeptNoLonger() {
        loads.add(0, 2, size(vm("x").size(1, 5000)));
        loads.add(1, 2, size(vm("x").size(3, 1000)));

        loads.remove(0, 2, size(vm("x").size(1, 5000)));
        assertThat(loads.kept(2, Dimensions.MEMORY)).isEqualTo(1000);
        assertThat(loads.kept(2, Dimensions.VCPUS)).isEqualTo(3);
        assertThat(loads.pair(0, 2)).isEqualTo(Loads.NONE);
        assertThat(keepers()).containsExactly(2);

        loads.remove(1, 2, size(vm("x").size(3, 1000)));
        assertThat(loads.kept(2, Dimensions.MEMORY)).isZero();
        assertThat(keepers()).isEmpty();
    }

    @Test
    void amountsThatAreMetLaterHaveTheirPlaceToo() {
        loads.add(0, 2, size(vm("x").size(1, 5000)));
        for (int node = 0; node < 8; node++) {
            dimensions.numa(node, Dimensions.MEMORY);
        }
        loads.add(0, 2, size(vm("x").devices("gpu", 1)));
        loads.add(1, 2, size(vm("x").size(2, 3000)));

        assertThat(loads.kept(2, Dimensions.MEMORY)).isEqualTo(6000);
        assertThat(loads.kept(2, dimensions.device(inventory.hosts().deviceIndex("gpu"))))
                .isEqualTo(1);
        assertThat(loads.load(loads.pair(1, 2), Dimensions.VCPUS)).isEqualTo(2);
    }

    @Test
    void aPairOverflowsWhenItsBackupHasNotTheRoom() {
        loads.add(0, 2, size(vm("x").size(8, 5000)));
        loads.add(1, 2, size(vm("x").size(9, 5000)));

        assertThat(loads.overflows(loads.pair(0, 2))).isFalse();
        assertThat(loads.overflows(loads.pair(1, 2))).isTrue();
    }

    private List<Integer> keepers() {
        List<Integer> keepers = new ArrayList<>();
        for (int i = 0; i < loads.keeperCount(); i++) {
            keepers.add(loads.keeper(i));
        }
        return keepers;
    }

    private Size size(TestVm vm) {
        return new Size(dimensions).of(inventory.ask(vm.request()).demand(), 0);
    }
}
