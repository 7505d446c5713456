package io.kelpie.it.benchmark.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import io.kelpie.controller.replay.input.UniformPool;
import java.util.List;
import org.junit.jupiter.api.Test;

class TracesTest {
    @Test
    void copiesFollowEachOtherAndAreNumberedAnew() throws Exception {
        Trace one = DataFolder.read(
                "one", "vm,vcpus,memory_gib,arrive_s,lifetime_s\na,1,2,0,100\nb,2,4,30,10\nc,1,1,50,5\n");

        Trace two = Traces.overlaid(one, 2, 20_000);

        assertThat(two.vms())
                .extracting(vm -> vm.vm().name())
                .containsExactly("a-0", "a-1", "b-0", "c-0", "b-1", "c-1");
        assertThat(two.vms())
                .extracting(TraceVm::arrivesMillis)
                .containsExactly(0L, 20_000L, 30_000L, 50_000L, 50_000L, 70_000L);
        assertThat(two.vms()).extracting(vm -> vm.vm().index()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(two.vms().get(1).leavesMillis()).isEqualTo(120_000);
        assertThat(two.vms().get(4).vm().memoryMib()).isEqualTo(4096);
    }

    @Test
    void everyTenthHostIsLeftOutFromTheFirstOn() {
        assertThat(Traces.withoutEvery(10, new UniformPool(64, 256, 2, 20).of(25))
                        .hosts())
                .extracting(ReplayHost::name)
                .hasSize(22)
                .doesNotContain("host-0", "host-10", "host-20");
    }

    @Test
    void theCloudTraceIsAFunctionOfItsArguments() throws Exception {
        assertThat(Traces.cloud(500, 3, 1)).isEqualTo(Traces.cloud(500, 3, 1)).isNotEqualTo(Traces.cloud(500, 3, 2));
    }

    @Test
    void withoutOneTheOthersKeepTheirTimesAndAreNumberedAnew() throws Exception {
        Trace trace = Traces.cloud(100, 1, 1);

        Trace less = Traces.without(40, trace);

        assertThat(less.vms()).hasSize(99);
        assertThat(less.vms().subList(0, 40)).isEqualTo(trace.vms().subList(0, 40));
        TraceVm next = less.vms().get(40);
        assertThat(next.vm().name()).isEqualTo(trace.vms().get(41).vm().name());
        assertThat(next.vm().index()).isEqualTo(40);
        assertThat(next.leavesMillis()).isEqualTo(trace.vms().get(41).leavesMillis());
    }

    @Test
    void smallOnesAreDifferentAndOfTheFirstThird() throws Exception {
        Trace trace = Traces.cloud(600, 1, 1);

        List<Integer> small = Traces.smallAndEarly(trace, 50, 1);

        assertThat(small).hasSize(50).doesNotHaveDuplicates().allSatisfy(index -> {
            assertThat(index).isLessThan(200);
            assertThat(trace.vms().get(index).vm().vcpus()).isLessThanOrEqualTo(2);
        });
        assertThat(Traces.smallAndEarly(trace, 50, 1)).isEqualTo(small);
        assertThat(Traces.smallAndEarly(trace, 50, 2)).isNotEqualTo(small);
        assertThatThrownBy(() -> Traces.smallAndEarly(trace, 200, 1)).hasMessageContaining("of 200 small VMs");
    }
}
