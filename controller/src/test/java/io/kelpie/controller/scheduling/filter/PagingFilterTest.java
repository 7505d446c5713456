package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import org.junit.jupiter.api.Test;

class PagingFilterTest {
    private final PagingFilter filter = new PagingFilter();

    @Test
    void hardwarePagingIsEptOrNpt() {
        Probe probe = Probe.of(
                filter,
                vm(0),
                host("h1").paging(PagingMode.SHADOW),
                host("h2").paging(PagingMode.EPT),
                host("h3").paging(PagingMode.NPT),
                host("h4").paging(PagingMode.NONE));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.passes("h3")).isTrue();
        assertThat(probe.passes("h4")).isFalse();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "hardware paging (EPT or NPT)",
                        "shadow",
                        "",
                        "set spec.vm.acceleration.paging to any, or load kvm_intel with ept=1 (kvm_amd with npt=1) on"
                                + " h1"));
    }

    @Test
    void anyPagingAndOtherModesThanKvmHaveNoSuchNeed() {
        Probe any =
                Probe.of(filter, vm(0).paging(PagingRequirement.ANY), host("h1").paging(PagingMode.SHADOW));
        assertThat(any.concerns()).isFalse();
        assertThat(any.passes("h1")).isTrue();
        Probe tcg = Probe.of(
                filter, vm(0).acceleration(AccelerationMode.ANY), host("h1").paging(PagingMode.SHADOW));
        assertThat(tcg.concerns()).isFalse();
        assertThat(tcg.passes("h1")).isTrue();
    }
}
