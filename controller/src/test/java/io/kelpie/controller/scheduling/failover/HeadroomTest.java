package io.kelpie.controller.scheduling.failover;

import static io.kelpie.controller.scheduling.TestHost.named;
import static io.kelpie.controller.scheduling.failover.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeadroomTest {
    private final Cluster cluster = new Cluster(
            NPlusOne.WARN, named("a"), named("b"), named("c").size(4, 16_384).numaNodes(2));

    @Test
    void everyAmountCounts() {
        assertThat(headroom(vm("x").size(2, 2000), 0)).isEqualTo(new Headroom(4 + 4 + 2, 10, List.of(), 0));
        assertThat(headroom(vm("x").size(1, 4000), 0).now()).isEqualTo(4 + 4 + 4);
        assertThat(headroom(vm("x").disk("default", 50_000), 0).now()).isEqualTo(2 + 2 + 2);
        assertThat(headroom(vm("x").devices("gpu", 1), 0).now()).isZero();
    }

    @Test
    void aVmOfTwoNumaNodesNeedsTwo() {
        assertThat(headroom(vm("x").size(2, 2000).numaNodes(2), 0).now()).isEqualTo(2);
        assertThat(headroom(vm("x").size(2, 9000).numaNodes(1), 0).now()).isZero();
    }

    @Test
    void theWorstLossIsTold() {
        cluster.placeOn("c", vm("one").size(4, 4000));

        assertThat(headroom(vm("x").size(2, 2000), 1)).isEqualTo(new Headroom(8, 4, List.of("a"), 0));
    }

    @Test
    void vmsOfALostHostTakeRoomElsewhere() {
        cluster.placeOn("a", vm("one").size(7, 7000));

        Headroom headroom = headroom(vm("x").size(1, 1000), 1);

        assertThat(headroom).isEqualTo(new Headroom(1 + 8 + 4, 1 + 4, List.of("a"), 0));
    }

    @Test
    void vmsWithoutAPlaceComeFirst() {
        cluster.placeOn("b", vm("one").size(8, 8000));
        cluster.placeOn("a", vm("two").size(1, 1000));

        assertThat(headroom(vm("x").size(1, 1000), 1)).isEqualTo(new Headroom(7 + 4, 7 + 4, List.of("b"), 1));
    }

    @Test
    void ofSeveralHostsThoseAreLostThatCarryMost() {
        cluster.placeOn("a", vm("one").size(2, 2000));
        cluster.placeOn("b", vm("two").size(5, 5000));

        assertThat(headroom(vm("x").size(1, 1000), 2)).isEqualTo(new Headroom(6 + 3 + 4, 2, List.of("b", "a"), 1));
    }

    @Test
    void someHostHasToBeLeft() {
        assertThatThrownBy(() -> headroom(vm("x"), 3)).isInstanceOf(IllegalArgumentException.class);
    }

    private Headroom headroom(TestVm vm, int lose) {
        return Headroom.of(
                cluster.snapshot(),
                Cluster.POLICY,
                7,
                Cluster::sizing,
                vm.request().shape(),
                lose);
    }
}
