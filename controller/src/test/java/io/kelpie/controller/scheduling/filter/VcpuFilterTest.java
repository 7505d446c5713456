package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import org.junit.jupiter.api.Test;

class VcpuFilterTest {
    private final VcpuFilter filter = new VcpuFilter();

    @Test
    void vcpusArePromisedUpToTheRatio() {
        TestVm big = vm(0).vcpus(4);
        Probe probe = Probe.of(
                filter,
                big,
                host("h1").cpus(2).usedVcpus(7),
                host("h2").cpus(2).usedVcpus(6),
                host("h3").cpus(2).usedVcpus(4));
        assertThat(probe.distance("h1")).isEqualTo(3);
        assertThat(probe.distance("h2")).isEqualTo(2);
        assertThat(probe.distance("h3")).isZero();
        assertThat(probe.rejection("h2"))
                .isEqualTo(Rejection.of(
                        "h2", "4 vCPUs", "2 vCPUs of 8", "2 vCPUs", "lower spec.vm.vcpus to 2 or free 2 vCPUs on h2"));
    }

    @Test
    void aRatioThatIsNoWholeNumberRoundsDown() {
        SchedulingPolicy oneAndAHalf = SchedulingPolicy.DEFAULT.withOvercommit(150);
        Probe four = Probe.of(
                filter, oneAndAHalf, vm(0).vcpus(4), List.of(), host("h1").cpus(3));
        Probe five = Probe.of(
                filter, oneAndAHalf, vm(0).vcpus(5), List.of(), host("h1").cpus(3));
        assertThat(four.passes("h1")).isTrue();
        assertThat(five.passes("h1")).isFalse();
        assertThat(five.rejection("h1").shortfall()).isEqualTo("1 vCPU");
    }

    @Test
    void theFixFitsTheHost() {
        TestVm big = vm(0).vcpus(4);
        Probe overfull = Probe.of(filter, big, host("h1").cpus(2).usedVcpus(9));
        assertThat(overfull.rejection("h1").free()).isEqualTo("0 vCPUs of 8");
        assertThat(overfull.rejection("h1").fix()).isEqualTo("free 5 vCPUs on h1");
        Probe tooSmall = Probe.of(filter, vm(0).vcpus(9), host("h1").cpus(2));
        assertThat(tooSmall.rejection("h1").fix())
                .isEqualTo("lower spec.vm.vcpus to 8 or add a host that can promise 9 vCPUs");
    }
}
