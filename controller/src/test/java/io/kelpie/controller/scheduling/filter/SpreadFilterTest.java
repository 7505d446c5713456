package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.InstanceView;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadFilterTest {
    private final SpreadFilter filter = new SpreadFilter();

    private static InstanceView member(int number, String hostName) {
        return vm(number).of("web").on(hostName);
    }

    @Test
    void aDomainMayHaveMaxSkewMoreThanTheOneWithTheFewest() {
        List<InstanceView> members = List.of(member(1, "h1"), member(2, "h1"), member(3, "h2"));
        Probe one = Probe.of(
                filter,
                vm(0).of("web").spread("rack", 1),
                members,
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").rack("r3"),
                host("h4"));
        assertThat(one.distance("h1")).isEqualTo(2);
        assertThat(one.distance("h2")).isEqualTo(1);
        assertThat(one.distance("h3")).isZero();
        assertThat(one.distance("h4")).isGreaterThan(1_000_000);
        assertThat(one.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "at most 1 more VMs of the job than where there are fewest, by rack",
                        "rack r1 has 2, the fewest where it could run are 0",
                        "",
                        "raise maxSkew of spec.placement.spread by rack to 3, or make room where there are fewer"));
        assertThat(one.rejection("h4"))
                .isEqualTo(Rejection.of(
                        "h4",
                        "a host with label rack",
                        "h4 has no label rack",
                        "",
                        "label h4 with rack in its agent's configuration"));
        Probe two = Probe.of(
                filter,
                vm(0).of("web").spread("rack", 2),
                members,
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").rack("r3"));
        assertThat(two.distance("h1")).isEqualTo(1);
        assertThat(two.distance("h2")).isZero();
    }

    @Test
    void theValueThatTheFixNamesWouldDo() {
        List<InstanceView> members = List.of(member(1, "h1"), member(2, "h1"), member(3, "h2"));
        Probe raised = Probe.of(
                filter,
                vm(0).of("web").spread("rack", 3),
                members,
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").rack("r3"));
        assertThat(raised.passes("h1")).isTrue();
    }

    @Test
    void aDomainWhereNoHostWouldDoHoldsNobodyBack() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").spread("rack", 1),
                List.of(member(1, "h1"), member(2, "h2")),
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").rack("r3").cordoned());
        assertThat(probe.passes("h1")).isTrue();
        assertThat(probe.passes("h2")).isTrue();
    }

    @Test
    void byHostEachHostIsADomain() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").spread("host", 1),
                List.of(member(1, "h1")),
                host("h1").rack("r1"),
                host("h2").rack("r1"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1").free()).isEqualTo("host h1 has 1, the fewest where it could run are 0");
    }

    @Test
    void aSecondRuleIsAppliedToWhatTheFirstHasLeft() {
        // by zone only b is left; there h3 has fewer than h2, and h1 of zone a does not count
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").spread("zone", 1).spread("host", 1),
                List.of(member(1, "h4"), member(2, "h4"), member(3, "h4"), member(4, "h2")),
                host("h1").zone("a"),
                host("h2").zone("b"),
                host("h3").zone("b"),
                host("h4").zone("a"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isFalse();
        assertThat(probe.passes("h3")).isTrue();
        assertThat(probe.rejection("h1").asked()).endsWith("by zone");
        assertThat(probe.rejection("h2").asked()).endsWith("by host");
    }

    /** Nothing passes the other rules: then there is no floor, and only hosts without the label are removed. */
    @Test
    void whereNoHostWouldDoItRemovesThoseWithoutTheLabel() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").spread("rack", 1),
                List.of(member(1, "h1")),
                host("h1").rack("r1").cordoned(),
                host("h2"));
        assertThat(probe.passes("h1")).isTrue();
        assertThat(probe.passes("h2")).isFalse();
        assertThat(probe.rejection("h2").fix()).isEqualTo("label h2 with rack in its agent's configuration");
    }

    @Test
    void withoutTheRuleItHasNothingToSay() {
        assertThat(Probe.of(filter, vm(0), host("h1")).concerns()).isFalse();
    }
}
