package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartsInFlightFilterTest {
    private final StartsInFlightFilter filter = new StartsInFlightFilter();
    private final SchedulingPolicy two = new SchedulingPolicy(400, Packing.PACK, 2, 30, 5, NPlusOne.OFF);

    @Test
    void aHostStartsSoManyAtOnce() {
        Probe probe = Probe.of(
                filter,
                two,
                vm(0),
                List.of(),
                host("h1").starting(1),
                host("h2").starting(2),
                host("h3").starting(4));
        assertThat(probe.distance("h1")).isZero();
        assertThat(probe.distance("h2")).isEqualTo(1);
        assertThat(probe.distance("h3")).isEqualTo(3);
        assertThat(probe.rejection("h3"))
                .isEqualTo(Rejection.of(
                        "h3",
                        "at most 2 instances that are starting",
                        "h3 is starting 4",
                        "",
                        "wait, it is tried again as soon as one of them runs"));
    }

    @Test
    void withoutALimitItHasNothingToSay() {
        Probe probe = Probe.of(
                filter,
                SchedulingPolicy.DEFAULT.withoutStartsInFlight(),
                vm(0),
                List.of(),
                host("h1").starting(1_000));
        assertThat(probe.concerns()).isFalse();
        assertThat(probe.passes("h1")).isTrue();
    }
}
