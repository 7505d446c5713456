package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import org.junit.jupiter.api.Test;

class HugepagesFilterTest {
    private final HugepagesFilter filter = new HugepagesFilter();

    @Test
    void theGuestsMemoryMustFitIntoPagesOfItsSize() {
        Probe probe = Probe.of(
                filter,
                vm(0).memoryMib(1_023).hugepages(PageSize.MIB_2),
                host("h1").hugepages(PageSize.MIB_2, 2_048).usedHugepages(PageSize.MIB_2, 1_026),
                host("h2").hugepages(PageSize.MIB_2, 2_048).usedHugepages(PageSize.MIB_2, 1_024),
                host("h3").hugepages(PageSize.GIB_1, 8_192));
        assertThat(probe.distance("h1")).isEqualTo(2);
        assertThat(probe.distance("h2")).isZero();
        assertThat(probe.distance("h3")).isEqualTo(1_024);
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "1024 MiB in hugepages of 2Mi",
                        "1022 MiB",
                        "2 MiB",
                        "reserve 1 more hugepages of 2Mi on h1, or set spec.vm.hugepages to none"));
    }

    @Test
    void memoryIsRoundedUpToWholePages() {
        Probe probe = Probe.of(
                filter,
                vm(0).memoryMib(1_025).hugepages(PageSize.GIB_1),
                host("h1").hugepages(PageSize.GIB_1, 1_024),
                host("h2").hugepages(PageSize.GIB_1, 2_048));
        assertThat(probe.distance("h1")).isEqualTo(1_024);
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1").fix()).startsWith("reserve 1 more hugepages of 1Gi on h1");
    }

    @Test
    void ordinaryMemoryIsNoneOfItsBusiness() {
        Probe probe = Probe.of(filter, vm(0), host("h1"));
        assertThat(probe.concerns()).isFalse();
        assertThat(probe.passes("h1")).isTrue();
    }
}
