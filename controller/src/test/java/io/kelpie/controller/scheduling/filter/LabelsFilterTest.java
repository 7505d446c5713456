package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import org.junit.jupiter.api.Test;

class LabelsFilterTest {
    private final LabelsFilter filter = new LabelsFilter();
    private final TestVm picky = vm(0).require("disk", "ssd", "nvme").require("zone", "a");

    @Test
    void everyLabelMustHaveOneOfTheValues() {
        Probe probe = Probe.of(
                filter,
                picky,
                host("h1").label("disk", "nvme").zone("a"),
                host("h2").label("disk", "hdd").zone("a"),
                host("h3").zone("b"));
        assertThat(probe.distance("h1")).isZero();
        assertThat(probe.distance("h2")).isEqualTo(1);
        assertThat(probe.distance("h3")).isEqualTo(2);
    }

    @Test
    void theWordsNameTheLabelsThatAreWrong() {
        Probe probe = Probe.of(filter, picky, host("h1").label("disk", "hdd").zone("a"), host("h2"));
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "disk in [ssd, nvme]",
                        "disk=hdd",
                        "",
                        "label a host disk=ssd, e.g. h1, or change spec.placement.require"));
        assertThat(probe.rejection("h2").asked()).isEqualTo("disk in [ssd, nvme] and zone in [a]");
        assertThat(probe.rejection("h2").free()).isEqualTo("no label disk, no label zone");
        assertThat(probe.rejection("h2").fix())
                .isEqualTo("label a host disk=ssd zone=a, e.g. h2, or change spec.placement.require");
    }

    @Test
    void aRuleThatAllowsNothingSaysSo() {
        Probe probe = Probe.of(filter, vm(0).require("disk"), host("h1").label("disk", "ssd"));
        assertThat(probe.rejection("h1").fix()).isEqualTo("name the values that are allowed in spec.placement.require");
    }

    @Test
    void withoutRequirementsItHasNothingToSay() {
        assertThat(Probe.of(filter, vm(0), host("h1")).concerns()).isFalse();
        assertThat(Probe.of(filter, picky, host("h1")).concerns()).isTrue();
    }
}
