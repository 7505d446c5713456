package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AntiAffinityFilterTest {
    private final AntiAffinityFilter filter = new AntiAffinityFilter();

    @Test
    void noVmOfTheJobMayBeInTheDomain() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").awayFrom("db", "rack"),
                List.of(vm(1).of("db").on("h1"), vm(2).of("db").on("h2")),
                host("h1").rack("r1"),
                host("h2").rack("r1"),
                host("h3").rack("r2"),
                host("h4"));
        assertThat(probe.distance("h1")).isEqualTo(2);
        assertThat(probe.distance("h2")).isEqualTo(2);
        assertThat(probe.distance("h3")).isZero();
        assertThat(probe.distance("h4")).isZero();
        assertThat(probe.rejection("h2"))
                .isEqualTo(Rejection.of(
                        "h2",
                        "a rack without VMs of job db",
                        "rack r1 has 2",
                        "2",
                        "add a rack, or set required: false in spec.placement.antiAffinity"));
    }

    @Test
    void aJobCanKeepItsOwnVmsApart() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").awayFrom("web", "host"),
                List.of(vm(1).of("web").awayFrom("web", "host").on("h1")),
                host("h1"),
                host("h2"));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1").asked()).isEqualTo("a host without VMs of job web");
        assertThat(probe.rejection("h1").free()).isEqualTo("host h1 has 1");
    }

    @Test
    void theRuleBindsTheOtherSideToo() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("db"),
                List.of(vm(1).of("web").awayFrom("db", "rack").on("h1")),
                host("h1").rack("r1"),
                host("h2").rack("r1"),
                host("h3").rack("r2"));
        assertThat(probe.concerns()).isTrue();
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isFalse();
        assertThat(probe.passes("h3")).isTrue();
        assertThat(probe.rejection("h2"))
                .isEqualTo(Rejection.of(
                        "h2",
                        "a rack without VMs of a job that keeps away from this one",
                        "rack r1 has 1",
                        "1",
                        "add a rack, or change spec.placement.antiAffinity of that job"));
    }

    /** A change of a job's rules takes effect at the next start of each of its VMs. */
    @Test
    void theOtherSideIsBoundByVmsThatKeepAwayThemselves() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("db"),
                List.of(
                        vm(1).of("web").awayFrom("db", "host").on("h1"),
                        vm(2).of("web").on("h2")),
                host("h1"),
                host("h2"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
    }

    @Test
    void aPreferenceRemovesNoHostOnEitherSide() {
        Probe own = Probe.of(
                filter,
                vm(0).of("web").likesAwayFrom("db", "host"),
                List.of(vm(1).of("db").on("h1")),
                host("h1"));
        assertThat(own.concerns()).isFalse();
        Probe other = Probe.of(
                filter,
                vm(0).of("db"),
                List.of(vm(1).of("web").likesAwayFrom("db", "host").on("h1")),
                host("h1"));
        assertThat(other.passes("h1")).isTrue();
    }
}
