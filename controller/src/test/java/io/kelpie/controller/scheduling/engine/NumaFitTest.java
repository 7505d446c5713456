package io.kelpie.controller.scheduling.engine;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NumaFitTest {
    private final Inventory inventory = new Inventory(SchedulingPolicy.DEFAULT.withOvercommit(100), 1, Reservation::of);

    private int choose(TestVm vm, TestHost host) {
        return NumaFit.choose(
                inventory.hosts(),
                inventory.put(host.view()),
                inventory.ask(vm.request()).demand(),
                Reserve.NONE);
    }

    @Test
    void theTightestNumaNodesAreTaken() {
        TestHost host = host("h1")
                .numaNode(8, 8_192)
                .numaNode(8, 4_096)
                .numaNode(4, 4_096)
                .numaNode(1, 2_048);
        assertThat(choose(vm(0).vcpus(2).numaNodes(1), host)).isEqualTo(0b0100);
        assertThat(choose(vm(0).vcpus(4).numaNodes(2), host)).isEqualTo(0b0110);
        assertThat(choose(vm(0).vcpus(6).numaNodes(3), host)).isEqualTo(0b0111);
        assertThat(choose(vm(0), host)).isZero();
    }

    @Test
    void ofEqualNumaNodesTheFirstIsTaken() {
        assertThat(choose(vm(0).numaNodes(1), host("h1").numaNode(8, 8_192).numaNode(8, 8_192)))
                .isEqualTo(0b01);
    }

    @Test
    void aHostWithoutRoomIsNotChosenFrom() {
        assertThatThrownBy(() -> choose(vm(0).numaNodes(2), host("h1").numaNode(8, 8_192)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void copiesAreAsManyAsCanBePlacedOneByOne() {
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            TestHost host = host("h" + i).cpus(10_000).memoryMib(10_000_000);
            int nodes = 1 + random.nextInt(4);
            for (int node = 0; node < nodes; node++) {
                host.numaNode(1 + random.nextInt(20), 1 + random.nextInt(30_000));
            }
            TestVm vm = vm(0).vcpus(1 + random.nextInt(4))
                    .memoryMib(1 + random.nextInt(3_000))
                    .numaNodes(1 + random.nextInt(nodes));
            int index = inventory.put(host.view());
            Demand demand = inventory.ask(vm.request()).demand();
            assertThat(NumaFit.copies(inventory.hosts(), index, demand))
                    .as("host %d", i)
                    .isEqualTo(placeOnTheEmptiest(index, demand));
        }
    }

    /** Takes the NUMA nodes that hold the most shares yet: no other choice leaves room for more. */
    private int placeOnTheEmptiest(int host, Demand demand) {
        HostTable hosts = inventory.hosts();
        long[] shares = new long[hosts.numaNodes(host)];
        for (int node = 0; node < shares.length; node++) {
            shares[node] = Math.min(
                    hosts.numaFreeVcpus(host, node) / demand.vcpusPerNumaNode(),
                    hosts.numaFreeMemoryMib(host, node) / demand.memoryMibPerNumaNode());
        }
        int copies = 0;
        while (true) {
            Arrays.sort(shares);
            int first = shares.length - demand.numaNodes();
            if (first < 0 || shares[first] == 0) {
                return copies;
            }
            for (int node = first; node < shares.length; node++) {
                shares[node]--;
            }
            copies++;
        }
    }
}
