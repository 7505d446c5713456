package io.kelpie.controller.scheduling.engine;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestInventory;
import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import org.junit.jupiter.api.Test;

class OffersTest {
    private static final int VM_MIB = 8_192;

    @Test
    void aHostWithRoomOnANumaNodeOffersIt() {
        long needed = inventory(nodes(1, 1)).ask(bound(0).request()).demand().memoryMibPerNumaNode();

        for (long more = 0; more < 1_000_000; more += 1_000) {
            assertThat(offersRoomFor(bound(0), inventory(nodes(1, needed + more))))
                    .as("%d MiB more than needed", more)
                    .isTrue();
        }
    }

    @Test
    void aNumaNodeAsLargeAsTheGuestHasNoRoomForQemuItself() {
        assertThat(offersRoomFor(bound(0), inventory(nodes(VM_MIB, VM_MIB)))).isFalse();
    }

    @Test
    void whatIsHeldIsNotOffered() {
        Inventory inventory = inventory(nodes(2_000, 10_000));
        inventory.place(inventory.ask(bound(0).request()), 0);

        assertThat(offersRoomFor(bound(1), inventory)).isFalse();
    }

    @Test
    void whoIsBoundToNoNumaNodeWantsNone() {
        TestVm unbound = vm(0).size(1, VM_MIB);

        assertThat(offersRoomFor(unbound, inventory(nodes(1, 1)))).isTrue();
    }

    private static boolean offersRoomFor(TestVm vm, Inventory inventory) {
        long wanted = inventory.ask(vm.request()).demand().wanted();
        return (Offers.of(inventory.hosts(), 0, false, 0) & wanted) == wanted;
    }

    private static TestVm bound(int number) {
        return vm(number).size(1, VM_MIB).numaNodes(1);
    }

    private static TestHost nodes(long oneMib, long otherMib) {
        return host("h1").numaNode(8, oneMib).numaNode(8, otherMib);
    }

    private static Inventory inventory(TestHost host) {
        return TestInventory.of(SchedulingPolicy.DEFAULT, List.of(), host);
    }
}
