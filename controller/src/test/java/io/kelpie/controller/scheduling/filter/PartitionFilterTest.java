package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionFilterTest {
    private final PartitionFilter filter = new PartitionFilter();

    @Test
    void aDomainHasVmsOfOnePartitionOnly() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").ordinal(5).partitions(3, "rack"),
                List.of(
                        vm(1).of("web").ordinal(1).partitions(3, "rack").on("h1"),
                        vm(2).of("web").ordinal(4).partitions(3, "rack").on("h1"),
                        vm(3).of("web").ordinal(2).partitions(3, "rack").on("h2")),
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").rack("r3"),
                host("h4"));
        assertThat(probe.distance("h1")).isEqualTo(2);
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.passes("h3")).isTrue();
        assertThat(probe.distance("h4")).isGreaterThan(1_000_000);
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "a rack of partition 2 alone",
                        "rack r1 has partition 1",
                        "",
                        "add a rack, or lower spec.placement.partitions.count"));
        assertThat(probe.rejection("h4").free()).isEqualTo("h4 has no label rack");
        assertThat(probe.rejection("h4").fix()).isEqualTo("label h4 with rack in its agent's configuration");
    }

    /** They were there before the rule was: each counts by its ordinal. */
    @Test
    void vmsWithOtherRulesAreInThePartitionsOfTheRuleThatIsAsked() {
        Probe probe = Probe.of(
                filter,
                vm(0).of("web").ordinal(5).partitions(3, "rack"),
                List.of(
                        vm(1).of("web").ordinal(1).on("h1"),
                        vm(2).of("web").ordinal(8).on("h2"),
                        vm(3).of("web").ordinal(5).partitions(2, "rack").on("h3")),
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").rack("r3"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.passes("h3")).isTrue();
    }

    @Test
    void aDomainThatMixesPartitionsTakesNoneOfThem() {
        for (int last : new int[] {0, 1}) {
            Probe probe = Probe.of(
                    filter,
                    vm(0).of("web").ordinal(2).partitions(2, "host"),
                    List.of(
                            vm(1).of("web")
                                    .ordinal(1 - last)
                                    .partitions(2, "host")
                                    .on("h1"),
                            vm(2).of("web").ordinal(last).partitions(2, "host").on("h1")),
                    host("h1"));
            assertThat(probe.distance("h1")).isEqualTo(1);
            assertThat(probe.rejection("h1").free()).isEqualTo("host h1 has partition 1");
        }
    }

    @Test
    void withoutPartitionsItHasNothingToSay() {
        assertThat(Probe.of(filter, vm(0), host("h1")).concerns()).isFalse();
    }
}
