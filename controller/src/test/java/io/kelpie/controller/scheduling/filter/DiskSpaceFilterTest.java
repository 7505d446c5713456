package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DiskSpaceFilterTest {
    private final DiskSpaceFilter filter = new DiskSpaceFilter();

    @Test
    void everyPoolMustHaveRoom() {
        Probe probe = Probe.of(
                filter,
                vm(0).disk("default", 20_480),
                host("h1").usedPoolMib("default", 92_160),
                host("h2").usedPoolMib("default", 81_920));
        assertThat(probe.distance("h1")).isEqualTo(10_240);
        assertThat(probe.distance("h2")).isZero();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "20480 MiB in pool default",
                        "10240 MiB in pool default",
                        "10240 MiB",
                        "lower the disks in pool default by 10240 MiB or free as much on h1"));
    }

    @Test
    void anUnknownPoolHasItsOwnWords() {
        Probe probe = Probe.of(
                filter,
                vm(0).disk("fast", 20_480),
                host("h1"),
                host("h2").withoutPools(),
                host("h3").pool("b", 1));
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "20480 MiB in pool fast",
                        "no pool fast on h1",
                        "",
                        "use pool default, or define pool fast in the agent's configuration of h1"));
        assertThat(probe.rejection("h2").fix()).isEqualTo("define pool fast in the agent's configuration of h2");
        assertThat(probe.rejection("h3").fix())
                .isEqualTo("use pool b or default, or define pool fast in the agent's configuration of h3");
    }

    @Test
    void aHostThatLacksRoomIsNearerThanOneThatLacksThePool() {
        Probe probe = Probe.of(
                filter, vm(0).disk("fast", 20_480), host("h1"), host("h2").pool("fast", 10));
        assertThat(probe.distance("h2")).isEqualTo(20_470).isLessThan(probe.distance("h1"));
    }

    @Test
    void severalPoolsAreNamedTogether() {
        Probe probe = Probe.of(
                filter,
                vm(0).disk("default", 102_401).disk("fast", 7).disk("slow", 5),
                host("h1").pool("fast", 2).pool("slow", 5));
        assertThat(probe.distance("h1")).isEqualTo(6);
        assertThat(probe.rejection("h1").shortfall()).isEqualTo("1 MiB, 5 MiB");
        assertThat(probe.rejection("h1").asked()).isEqualTo("102401 MiB in pool default, 7 MiB in pool fast");
    }

    @Test
    void theHostOfTheDisksHasTheRoomButMustHaveThePool() {
        Probe full = Probe.of(
                filter,
                vm(0).disk("default", 50_000).boundTo("h1", "root"),
                host("h1").usedPoolMib("default", 102_400),
                host("h2").usedPoolMib("default", 102_400));
        assertThat(full.passes("h1")).isTrue();
        assertThat(full.passes("h2")).isFalse();
        Probe gone = Probe.of(
                filter,
                vm(0).disk("default", 50_000).boundTo("h1", "root"),
                host("h1").withoutPools());
        assertThat(gone.passes("h1")).isFalse();
    }

    @Test
    void withoutDisksItHasNothingToSay() {
        assertThat(Probe.of(filter, vm(0), host("h1")).concerns()).isFalse();
    }
}
