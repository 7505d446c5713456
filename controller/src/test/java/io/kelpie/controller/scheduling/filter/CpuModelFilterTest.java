package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CpuModelFilterTest {
    private final CpuModelFilter filter = new CpuModelFilter();

    @Test
    void aNamedModelMustBeOneOfTheHosts() {
        Probe probe = Probe.of(
                filter,
                vm(0).cpuModel("EPYC"),
                host("h1").cpuModels("Skylake"),
                host("h2").cpuModels("Skylake", "EPYC"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "CPU model EPYC",
                        "h1 cannot run it",
                        "",
                        "set spec.vm.cpu.model to one that hosts have: kelpie describe host h1 lists them"));
    }

    @Test
    void whateverTheHostHasIsFine() {
        Probe probe = Probe.of(filter, vm(0), host("h1"));
        assertThat(probe.concerns()).isFalse();
        assertThat(probe.passes("h1")).isTrue();
    }
}
