package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.resources.QemuOverhead;
import io.kelpie.controller.model.PageSize;
import org.junit.jupiter.api.Test;

class MemoryFilterTest {
    private final MemoryFilter filter = new MemoryFilter();

    @Test
    void memoryIsNotOvercommittedAndQemusOwnCounts() {
        // 4096 + 64 + 82 + 8 MiB
        Probe probe = Probe.of(
                filter,
                vm(0).memoryMib(4_096),
                host("h1").usedMemoryMib(16_384 - 4_249),
                host("h2").usedMemoryMib(16_384 - 4_250),
                host("h3").usedMemoryMib(12_442));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.distance("h2")).isZero();
        assertThat(probe.rejection("h3"))
                .isEqualTo(Rejection.of(
                        "h3",
                        "4250 MiB (4096 MiB for the guest, 154 MiB for QEMU)",
                        "3942 MiB",
                        "308 MiB",
                        "lower spec.vm.memory to 3794Mi or free 308 MiB on h3"));
    }

    @Test
    void theFixFitsTheHost() {
        assertThat(Probe.of(filter, vm(0).memoryMib(1_048_576), host("h1"))
                        .rejection("h1")
                        .fix())
                .isEqualTo("lower spec.vm.memory to 15992Mi or add a host with 1069620 MiB free");
        Probe overfull = Probe.of(filter, vm(0), host("h1").usedMemoryMib(20_000));
        assertThat(overfull.distance("h1")).isEqualTo(1_117 + 20_000 - 16_384);
        assertThat(overfull.rejection("h1").free()).isEqualTo("0 MiB");
        assertThat(overfull.rejection("h1").fix()).isEqualTo("free 4733 MiB on h1");
    }

    @Test
    void aGuestInHugepagesNeedsOrdinaryMemoryForQemuAlone() {
        Probe probe = Probe.of(
                filter,
                vm(0).memoryMib(4_096).hugepages(PageSize.MIB_2),
                host("h1").usedMemoryMib(16_384 - 153),
                host("h2").usedMemoryMib(16_384 - 154));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        Rejection rejection = probe.rejection("h1");
        assertThat(rejection.asked()).isEqualTo("154 MiB for QEMU, the guest's 4096 MiB are in hugepages");
        assertThat(rejection.free()).isEqualTo("153 MiB");
        assertThat(rejection.shortfall()).isEqualTo("1 MiB");
        assertThat(rejection.fix()).isEqualTo("free 1 MiB on h1");
    }

    @Test
    void theMemoryThatTheFixNamesIsTheMostThatFits() {
        for (long free = 1_100; free < 6_000; free += 7) {
            long named = MemoryFilter.largestGuestMib(free, 1);
            assertThat(QemuOverhead.memoryMib(named, 1)).isLessThanOrEqualTo(free);
            assertThat(QemuOverhead.memoryMib(named + 1, 1)).isGreaterThan(free);
        }
        assertThat(MemoryFilter.largestGuestMib(60, 1)).isZero();
    }
}
