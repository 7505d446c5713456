package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class NumaFilterTest {
    private final NumaFilter filter = new NumaFilter();
    private final SchedulingPolicy noOvercommit = SchedulingPolicy.DEFAULT.withOvercommit(100);

    @Test
    void oneNumaNodeMustCarryTheVmAlone() {
        // 4096 + 64 + 82 + 32 MiB
        Probe probe = Probe.of(
                filter,
                noOvercommit,
                vm(0).vcpus(4).memoryMib(4_096).numaNodes(1),
                List.of(),
                host("h1").numaNode(4, 4_273).numaNode(3, 8_192),
                host("h2").numaNode(2, 2_048).numaNode(4, 4_274),
                host("h3"));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.distance("h2")).isZero();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "a NUMA node with 4 vCPUs and 4274 MiB",
                        "0 of 2",
                        "1",
                        "leave out spec.vm.numa, or free a NUMA node of h1"));
        assertThat(probe.rejection("h3").free()).isEqualTo("the NUMA nodes of h3 are not known");
    }

    @Test
    void severalNumaNodesShareEvenlyAndRoundedUp() {
        // 3 vCPUs: 2 each; 1000 + 64 + 20 + 24 MiB: 554 each
        Probe probe = Probe.of(
                filter,
                noOvercommit,
                vm(0).vcpus(3).memoryMib(1_000).numaNodes(2),
                List.of(),
                host("h1").numaNode(8, 8_192),
                host("h2").numaNode(1, 8_192).numaNode(8, 553).numaNode(1, 1),
                host("h3").numaNode(2, 554).numaNode(1, 1).numaNode(2, 554));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.distance("h2")).isEqualTo(2);
        assertThat(probe.distance("h3")).isZero();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "2 NUMA nodes with 2 vCPUs and 554 MiB each",
                        "1 of 1",
                        "1",
                        "change spec.vm.numa.nodes, or free NUMA nodes of h1"));
    }

    @Test
    void whatOtherVmsAreBoundToIsTaken() {
        Probe probe = Probe.of(
                filter,
                noOvercommit,
                vm(0).vcpus(2).numaNodes(1),
                List.of(),
                host("h1").numaNode(4, 8_192).usedNumaNode(0, 3, 0),
                host("h2").numaNode(4, 8_192).usedNumaNode(0, 2, 0),
                host("h3").numaNode(4, 8_192).usedNumaNode(0, 0, 8_192));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.passes("h3")).isFalse();
    }

    @Test
    void hugepagesMustBeOnTheNumaNodesThemselves() {
        Probe probe = Probe.of(
                filter,
                vm(0).memoryMib(2_048).hugepages(PageSize.MIB_2).numaNodes(2),
                host("h1").numaNode(4, 8_192, PageSize.MIB_2, 2_048).numaNode(4, 8_192),
                host("h2").numaNode(4, 64, PageSize.MIB_2, 1_024).numaNode(4, 64, PageSize.MIB_2, 1_024));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.distance("h2")).isZero();
    }

    @Test
    void overcommitCountsForNumaNodesToo() {
        Probe probe = Probe.of(filter, vm(0).vcpus(16).numaNodes(1), host("h1").numaNode(4, 8_192));
        assertThat(probe.passes("h1")).isTrue();
    }

    @Test
    void withoutTheWishItHasNothingToSay() {
        Probe probe = Probe.of(filter, vm(0), host("h1").numaNode(1, 1));
        assertThat(probe.concerns()).isFalse();
        assertThat(probe.passes("h1")).isTrue();
    }
}
