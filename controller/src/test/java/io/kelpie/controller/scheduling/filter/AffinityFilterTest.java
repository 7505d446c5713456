package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AffinityFilterTest {
    private final AffinityFilter filter = new AffinityFilter();

    @Test
    void theDomainMustHaveAVmOfTheJob() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").near("cache", "rack"),
                List.of(vm(1).of("cache").on("h1")),
                host("h1").rack("r1"),
                host("h2").rack("r1"),
                host("h3").rack("r2"),
                host("h4"));
        assertThat(probe.passes("h1")).isTrue();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.passes("h3")).isFalse();
        assertThat(probe.passes("h4")).isFalse();
        assertThat(probe.rejection("h3"))
                .isEqualTo(Rejection.of(
                        "h3",
                        "a rack with a VM of job cache",
                        "rack r2 has none",
                        "",
                        "make room where job cache runs, or set required: false in spec.placement.affinity"));
        assertThat(probe.rejection("h4").free()).isEqualTo("h4 has no label rack");
    }

    @Test
    void byHostItMustBeTheSameHost() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").near("cache", "host"),
                List.of(vm(1).of("cache").on("h1")),
                host("h1"),
                host("h2"));
        assertThat(probe.passes("h1")).isTrue();
        assertThat(probe.passes("h2")).isFalse();
        assertThat(probe.rejection("h2").free()).isEqualTo("host h2 has none");
    }

    @Test
    void aJobThatRunsNowhereIsNearNowhere() {
        Probe probe = Probe.of(filter, vm(0).of("web").near("cache", "host"), host("h1"));
        assertThat(probe.passes("h1")).isFalse();
    }

    @Test
    void theFirstVmOfAJobThatIsNearToItselfMayGoAnywhereWithTheLabel() {
        Probe first =
                Probe.of(filter, vm(0).of("web").near("web", "rack"), host("h1").rack("r1"), host("h2"));
        assertThat(first.passes("h1")).isTrue();
        assertThat(first.passes("h2")).isFalse();
        Probe second = Probe.of(
                filter,
                vm(0).of("web").near("web", "rack"),
                List.of(vm(1).of("web").near("web", "rack").on("h1")),
                host("h1").rack("r1"),
                host("h2").rack("r2"));
        assertThat(second.passes("h1")).isTrue();
        assertThat(second.passes("h2")).isFalse();
    }

    @Test
    void severalRulesAddUp() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").near("cache", "host").near("db", "rack"),
                List.of(vm(1).of("cache").on("h1")),
                host("h1").rack("r1"),
                host("h2").rack("r1"));
        assertThat(probe.distance("h1")).isEqualTo(1);
        assertThat(probe.distance("h2")).isEqualTo(2);
        assertThat(probe.rejection("h1").asked()).isEqualTo("a rack with a VM of job db");
    }

    @Test
    void aPreferenceRemovesNoHost() {
        Probe probe = Probe.of(filter, vm(0).of("web").likesNear("cache", "rack"), host("h1"));
        assertThat(probe.concerns()).isFalse();
        assertThat(probe.passes("h1")).isTrue();
    }
}
