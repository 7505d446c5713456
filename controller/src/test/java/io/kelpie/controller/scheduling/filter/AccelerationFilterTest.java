package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.AccelerationMode;
import org.junit.jupiter.api.Test;

class AccelerationFilterTest {
    private final AccelerationFilter filter = new AccelerationFilter();

    @Test
    void kvmMustBeVerified() {
        Probe probe = Probe.of(filter, vm(0), host("h1").withoutKvm(), host("h2"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "kvm",
                        "kvm is not verified on h1",
                        "",
                        "set spec.vm.acceleration.mode to any or tcg, or make KVM work on h1: kelpie describe host h1"
                                + " says what is missing"));
    }

    @Test
    void otherModesRunWithoutKvm() {
        for (AccelerationMode mode : new AccelerationMode[] {AccelerationMode.ANY, AccelerationMode.TCG}) {
            Probe probe = Probe.of(filter, vm(0).acceleration(mode), host("h1").withoutKvm());
            assertThat(probe.concerns()).isFalse();
            assertThat(probe.passes("h1")).isTrue();
        }
    }
}
