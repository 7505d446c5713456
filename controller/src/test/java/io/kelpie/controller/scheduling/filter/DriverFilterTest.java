package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.DriverKind;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class DriverFilterTest {
    private final DriverFilter filter = new DriverFilter();

    @Test
    void theDriverAskedForMustBeUsable() {
        Probe probe = Probe.of(
                filter,
                vm(0).driver(DriverKind.LIBVIRT),
                host("h1").drivers(EnumSet.of(DriverKind.QEMU, DriverKind.FAKE)),
                host("h2").drivers(EnumSet.of(DriverKind.LIBVIRT)));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "driver libvirt",
                        "usable: fake, qemu",
                        "",
                        "set spec.vm.driver to auto, or make libvirt usable on h1: kelpie describe host h1 says what"
                                + " is missing"));
    }

    @Test
    void autoTakesAnyDriverButTheFakeOne() {
        Probe probe = Probe.of(
                filter,
                vm(0),
                host("h1").drivers(EnumSet.of(DriverKind.FAKE)),
                host("h2").drivers(EnumSet.of(DriverKind.QEMU)),
                host("h3").drivers(EnumSet.of(DriverKind.LIBVIRT)),
                host("h4").drivers(EnumSet.noneOf(DriverKind.class)));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.passes("h3")).isTrue();
        assertThat(probe.rejection("h4"))
                .isEqualTo(Rejection.of(
                        "h4",
                        "driver qemu or libvirt",
                        "no usable driver",
                        "",
                        "make qemu usable on h4: kelpie describe host h4 says what is missing"));
    }

    @Test
    void theFakeDriverCanBeAskedFor() {
        Probe probe = Probe.of(
                filter, vm(0).driver(DriverKind.FAKE), host("h1").drivers(EnumSet.of(DriverKind.FAKE)), host("h2"));
        assertThat(probe.passes("h1")).isTrue();
        assertThat(probe.passes("h2")).isFalse();
    }
}
