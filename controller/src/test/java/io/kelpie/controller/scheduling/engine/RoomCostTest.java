package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.engine.PackCost.Scarce;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What {@link Search} relies on when it leaves hosts out. */
class RoomCostTest {
    private final MeanHost small = MeanHost.of(32, 65_536);
    /** A MiB is less of it than the cost can tell. */
    private final MeanHost large = MeanHost.of(4_096, 24L * 1_024 * 1_024);

    private final MeanHost lopsided = MeanHost.of(1_000_000, 1_000_000);

    @Test
    void moreLeftNeverCostsLessWherePackedHostsAreBetter() {
        Random random = new Random(1);
        for (MeanHost mean : List.of(small, large, lopsided)) {
            for (Scarce scarce : Scarce.values()) {
                PackCost cost = new PackCost(mean, scarce);
                for (int i = 0; i < 20_000; i++) {
                    long vcpus = random.nextInt(2_000_000);
                    long memory = random.nextInt(60_000_000);
                    assertThat(cost.cost(vcpus, memory + random.nextInt(3)))
                            .isGreaterThanOrEqualTo(cost.cost(vcpus, memory));
                    assertThat(cost.cost(vcpus + random.nextInt(3), memory))
                            .isGreaterThanOrEqualTo(cost.cost(vcpus, memory));
                }
            }
        }
    }

    @Test
    void noHostWithinBoundsCostsLessThanTheBound() {
        Random random = new Random(1);
        for (MeanHost mean : List.of(small, large, lopsided)) {
            PackCost pack = new PackCost(mean, Scarce.NEITHER);
            PackCost vcpu = new PackCost(mean, Scarce.VCPUS);
            PackCost mib = new PackCost(mean, Scarce.MEMORY);
            for (RoomCost cost : List.of(
                    pack,
                    vcpu,
                    mib,
                    new SpreadCost(mean),
                    new GroupCost(4, 4_250, pack),
                    new GroupCost(4, 4_250, mib))) {
                for (int i = 0; i < 20_000; i++) {
                    long vcpus = random.nextInt(2_000);
                    long memory = random.nextInt(60_000_000);
                    long bound = cost.bound(
                            Math.max(0, vcpus - random.nextInt(4)),
                            Math.max(0, memory - random.nextInt(4)),
                            vcpus + random.nextInt(4),
                            memory + random.nextInt(4));
                    assertThat(cost.cost(vcpus, memory)).isGreaterThanOrEqualTo(bound);
                }
            }
        }
    }

    @Test
    void pointsAreBetween0And100() {
        for (Scarce scarce : Scarce.values()) {
            PackCost pack = new PackCost(small, scarce);
            pointsAreBetween0And100(pack);
            pointsAreBetween0And100(new GroupCost(4, 4_250, pack));
            assertThat(pack.points(pack.cost(0, 0))).isEqualTo(100);
            assertThat(pack.points(pack.cost(32, 65_536))).isLessThan(2);
        }
        SpreadCost spread = new SpreadCost(small);
        pointsAreBetween0And100(spread);
        assertThat(spread.points(spread.cost(0, 0))).isZero();
        assertThat(spread.points(spread.cost(32, 65_536))).isGreaterThan(98);
    }

    private static void pointsAreBetween0And100(RoomCost cost) {
        for (long vcpus = 0; vcpus < 10_000; vcpus += 997) {
            for (long memory = 0; memory < 10_000_000; memory += 99_991) {
                assertThat(cost.points(cost.cost(vcpus, memory))).isBetween(0, 100);
            }
        }
    }

    @Test
    void roomInProportionIsBetterThanMuchOfOne() {
        PackCost cost = new PackCost(small, Scarce.NEITHER);
        assertThat(cost.cost(8, 16_384)).isLessThan(cost.cost(16, 0));
        assertThat(cost.cost(8, 16_384)).isLessThan(cost.cost(0, 32_768));
    }

    @Test
    void theScarceAmountDecidesAndTheOtherOneOnlyBetweenEquals() {
        MeanHost large = MeanHost.of(512, 512 * 1_024);
        PackCost vcpus = new PackCost(large, Scarce.VCPUS);
        assertThat(vcpus.cost(10, 512 * 1_024)).isLessThan(vcpus.cost(11, 0));
        assertThat(vcpus.cost(10, 4 * 1_024)).isLessThan(vcpus.cost(10, 5 * 1_024));
        PackCost memory = new PackCost(large, Scarce.MEMORY);
        assertThat(memory.cost(512, 10 * 1_024)).isLessThan(memory.cost(0, 11 * 1_024));
        assertThat(memory.cost(4, 1_024)).isLessThan(memory.cost(5, 1_024));
    }
}
