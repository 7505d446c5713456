package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DevicesFilterTest {
    private final DevicesFilter filter = new DevicesFilter();

    @Test
    void everyDeviceMustBeFree() {
        Probe probe = Probe.of(
                filter,
                vm(0).devices("gpu", 3).devices("nic", 1),
                host("h1").devices("gpu", 4).usedDevices("gpu", 2).devices("nic", 1),
                host("h2").devices("gpu", 4).usedDevices("gpu", 1).devices("nic", 1),
                host("h3"));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.distance("h2")).isZero();
        assertThat(probe.distance("h3")).isEqualTo(4);
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "3 gpu",
                        "2 of 4",
                        "1",
                        "free devices on h1, or name more in the agent's configuration of a host"));
        assertThat(probe.rejection("h3").asked()).isEqualTo("3 gpu, 1 nic");
        assertThat(probe.rejection("h3").free()).isEqualTo("0 of 0, 0 of 0");
    }

    @Test
    void aKindThatNoHostHasIsMissingEverywhere() {
        Probe probe = Probe.of(filter, vm(0).devices("fpga", 2), host("h1"));
        assertThat(probe.distance("h1")).isEqualTo(2);
        assertThat(probe.rejection("h1").free()).isEqualTo("0 of 0");
    }

    @Test
    void withoutDevicesItHasNothingToSay() {
        assertThat(Probe.of(filter, vm(0), host("h1")).concerns()).isFalse();
    }
}
