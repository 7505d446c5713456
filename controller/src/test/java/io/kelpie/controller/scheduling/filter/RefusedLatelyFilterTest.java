package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RefusedLatelyFilterTest {
    private final RefusedLatelyFilter filter = new RefusedLatelyFilter();

    @Test
    void aHostThatRefusedTheVmIsLeftOut() {
        Probe probe = Probe.of(filter, vm(0).avoids("h1").avoids("h9"), host("h1"), host("h2"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "a host that did not refuse the last start",
                        "h1 refused it",
                        "",
                        "wait, h1 is tried again by itself; kelpie describe of the VM shows why it refused"));
    }

    @Test
    void withoutRefusalsItHasNothingToSay() {
        assertThat(Probe.of(filter, vm(0), host("h1")).concerns()).isFalse();
    }
}
