package io.kelpie.controller.scheduling.score;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReserveScorerTest {
    private final ReserveScorer scorer = new ReserveScorer();

    @Test
    void freeDevicesAreKeptForVmsThatAskForDevices() {
        Weighing plain = Weighing.of(
                scorer,
                vm(0),
                host("h1").devices("gpu", 2).usedDevices("gpu", 1),
                host("h2").devices("gpu", 2).usedDevices("gpu", 2),
                host("h3"));
        assertThat(plain.concerns()).isTrue();
        assertThat(plain.points("h1")).isEqualTo(50);
        assertThat(plain.points("h2")).isZero();
        assertThat(plain.points("h3")).isZero();
        Weighing asking =
                Weighing.of(scorer, vm(0).devices("gpu", 1), host("h1").devices("gpu", 2), host("h2"));
        assertThat(asking.points("h1")).isZero();
    }

    @Test
    void roomBesideAGroupThatMayGrowIsKeptForIt() {
        TestVm member = vm(1).of("group").near("group", "host").jobSize(3);
        Weighing other = Weighing.of(scorer, vm(0), List.of(member.on("h1")), host("h1"), host("h2"));
        assertThat(other.points("h1")).isEqualTo(200);
        assertThat(other.points("h2")).isZero();
        Weighing next = Weighing.of(
                scorer,
                vm(0).of("group").near("group", "host").jobSize(3),
                List.of(member.on("h1")),
                host("h1"),
                host("h2"));
        assertThat(next.points("h1")).isZero();
    }

    @Test
    void aGroupThatIsCompleteNeedsNoRoom() {
        TestVm member = vm(1).of("group").near("group", "host").jobSize(1);
        assertThat(Weighing.of(scorer, vm(0), List.of(member.on("h1")), host("h1"))
                        .concerns())
                .isFalse();
    }

    @Test
    void aGroupOfUnknownSizeMayAlwaysGrow() {
        TestVm member = vm(1).of("group").near("group", "host").jobSize(0);
        assertThat(Weighing.of(scorer, vm(0), List.of(member.on("h1")), host("h1"))
                        .points("h1"))
                .isEqualTo(200);
    }

    @Test
    void withoutDevicesAndGroupsItCostsTheSameEverywhere() {
        assertThat(Weighing.of(scorer, vm(0), host("h1")).concerns()).isFalse();
    }
}
