package io.kelpie.controller.scheduling.rebalance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.whatif.Anyone;
import io.kelpie.controller.scheduling.whatif.Cluster;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RebalancerTest {
    private final Cluster cluster = new Cluster();
    private final Anyone moveRules = new Anyone();

    private RebalancePlan plan(Goal goal) {
        return plan(goal, new Limits(100, 5, 500, 100_000));
    }

    private RebalancePlan plan(Goal goal, Limits limits) {
        return Rebalancer.plan(cluster.snapshot(), SchedulingPolicy.DEFAULT, 1, goal, limits, moveRules);
    }

    /** Hosts h1, h2, … of 17072 MiB with so many VMs of 4096 MiB each, 4250 MiB with QEMU. */
    private void hostsWithVms(int... counts) {
        int number = 0;
        for (int i = 0; i < counts.length; i++) {
            cluster.host("h" + (i + 1)).memoryMib(17_072);
            for (int vm = 0; vm < counts[i]; vm++) {
                cluster.vm("vm-" + number++).memoryMib(4_096).at("h" + (i + 1));
            }
        }
    }

    @Test
    void aFullHostAndAnEmptyOneMeetHalfway() {
        hostsWithVms(4, 0);
        RebalancePlan plan = plan(Goal.EVEN);
        assertThat(plan.moves()).hasSize(2).allSatisfy(move -> {
            assertThat(move.from()).isEqualTo("h1");
            assertThat(move.to()).isEqualTo("h2");
            assertThat(move.wave()).isEqualTo(1);
        });
        assertThat(plan.moves().get(0).gain()).isEqualTo(2_489);
        assertThat(plan.moves().get(0).words())
                .isEqualTo("h1 falls from 99.57 % to 74.68 %, h2 rises from 0.00 % to 24.89 %");
        assertThat(plan.before()).isEqualTo(new Measure(2, 1, 0, 9_957, 4_978));
        assertThat(plan.after()).isEqualTo(new Measure(2, 2, 4_978, 4_978, 0));
        assertThat(plan.complete()).isTrue();
    }

    @Test
    void evenHostsAreLeftAlone() {
        hostsWithVms(2, 2, 2);
        assertThat(plan(Goal.EVEN).moves()).isEmpty();
        assertThat(plan(Goal.EVEN).waves()).isZero();
    }

    @Test
    void aMoveThatGainsTooLittleIsNotMade() {
        hostsWithVms(3, 1);
        Limits limits = new Limits(100, 5, 2_491, 100_000);
        assertThat(plan(Goal.EVEN, limits).moves()).isEmpty();
        assertThat(plan(Goal.EVEN).moves()).hasSize(1);
    }

    @Test
    void aMoveIsNotMadeForLessThanItCosts() {
        hostsWithVms(0, 0);
        cluster.host("h1").label("zone", "a");
        for (int i = 0; i < 4; i++) {
            cluster.vm("web-" + i).memoryMib(4_096).prefer(100, "zone", "a").at("h1");
        }
        assertThat(plan(Goal.EVEN).moves()).as("gains 25 %, costs 30").isEmpty();
    }

    @Test
    void imagesThatHaveToBeFetchedCost() {
        hostsWithVms(0, 0, 0);
        cluster.host("h2").image("debian");
        cluster.host("h1").image("debian");
        for (int i = 0; i < 3; i++) {
            cluster.vm("web-" + i).memoryMib(4_096).image("debian").at("h1");
        }
        assertThat(plan(Goal.EVEN, new Limits(1, 5, 500, 100_000)).moves())
                .singleElement()
                .satisfies(move -> {
                    assertThat(move.to()).isEqualTo("h2");
                    assertThat(move.cost()).isZero();
                });
        assertThat(plan(Goal.EVEN).moves()).hasSize(2).element(1).satisfies(move -> {
            assertThat(move.to()).isEqualTo("h3");
            assertThat(move.cost()).isEqualTo(500);
        });
    }

    @Test
    void vcpusCountAsMuchAsMemory() {
        cluster.host("h1");
        cluster.host("h2");
        cluster.vm("a-0").vcpus(16).at("h1");
        cluster.vm("b-0").vcpus(16).at("h1");
        assertThat(plan(Goal.EVEN).moves())
                .singleElement()
                .satisfies(move -> assertThat(move.gain()).isEqualTo(5_000));
    }

    @Test
    void theHostWithTheLeastToMoveIsEmptiedIntoTheFullest() {
        hostsWithVms(1, 2, 3);
        RebalancePlan plan = plan(Goal.EMPTY_HOSTS);
        assertThat(plan.moves()).singleElement().satisfies(move -> {
            assertThat(move.from()).isEqualTo("h1");
            assertThat(move.to()).isEqualTo("h3");
            assertThat(move.gain()).isEqualTo(10_000);
            assertThat(move.words()).isEqualTo("empties h1");
        });
        assertThat(plan.emptied()).containsExactly("h1");
        assertThat(plan.before().carrying()).isEqualTo(3);
        assertThat(plan.after().carrying()).isEqualTo(2);
        assertThat(plan.leftOut())
                .containsExactly(new LeftOut(
                        "h2", Optional.of(plan.leftOut().get(0).vmId().orElseThrow()), noPlace()));
    }

    private static String noPlace() {
        return "has no place on another host that carries VMs, at a cost below its gain";
    }

    @Test
    void halfAVacationIsNone() {
        hostsWithVms(2, 3);
        RebalancePlan plan = plan(Goal.EMPTY_HOSTS);
        assertThat(plan.moves()).isEmpty();
        assertThat(plan.after()).isEqualTo(plan.before());
        assertThat(plan.emptied()).isEmpty();
        assertThat(plan.leftOut()).extracting(LeftOut::hostId).containsExactly("h1", "h2");
    }

    @Test
    void anEmptyHostIsNoPlaceToEmptyInto() {
        hostsWithVms(1, 0, 0);
        assertThat(plan(Goal.EMPTY_HOSTS).moves()).isEmpty();
    }

    @Test
    void theShareOfEachMoveAddsUp() {
        hostsWithVms(3, 0, 4);
        cluster.host("h3").memoryMib(64_000);
        RebalancePlan plan = plan(Goal.EMPTY_HOSTS);
        assertThat(plan.moves()).extracting(Move::gain).containsExactly(3_334, 3_333, 3_333);
        assertThat(plan.moves().get(1).words()).isEqualTo("one of 3 moves that empty h1");
    }

    @Test
    void aVmThatMayNotMoveKeepsItsHost() {
        hostsWithVms(0, 3);
        cluster.vm("db-0").at("h1");
        moveRules.but("db-0", "keeps disk root there");
        assertThat(plan(Goal.EMPTY_HOSTS).leftOut())
                .contains(new LeftOut("h1", Optional.of(Cluster.id("db-0")), "keeps disk root there"));
        assertThat(plan(Goal.EVEN).moves()).extracting(Move::vmId).doesNotContain(Cluster.id("db-0"));
    }

    @Test
    void aHostThatHoldsMoreThanItsVmsIsNotEmptied() {
        hostsWithVms(1, 2);
        cluster.host("h1").usedMemoryMib(10);
        assertThat(plan(Goal.EMPTY_HOSTS).leftOut())
                .contains(new LeftOut("h1", Optional.empty(), "holds more than its VMs do: kept disks or orphans"));
    }

    @Test
    void movesStopAtTheirLimit() {
        hostsWithVms(2, 2, 0);
        cluster.host("h2").memoryMib(64_000);
        RebalancePlan plan = plan(Goal.EMPTY_HOSTS, new Limits(1, 5, 500, 100_000));
        assertThat(plan.moves()).isEmpty();
        assertThat(plan.complete()).isFalse();
        assertThat(plan.leftOut()).contains(new LeftOut("h1", Optional.empty(), "has 2 VMs, and 1 moves are left"));
    }

    @Test
    void aWaveHasNoMoreThanMayMoveAtOnce() {
        hostsWithVms(3, 0, 4);
        cluster.host("h3").memoryMib(64_000);
        Limits two = new Limits(100, 2, 500, 100_000);
        assertThat(plan(Goal.EMPTY_HOSTS, two).moves()).extracting(Move::wave).containsExactly(1, 1, 2);
    }

    @Test
    void aWaveKeepsTheBudgetOfAJob() {
        hostsWithVms(3, 0, 4);
        cluster.host("h3").memoryMib(64_000);
        moveRules.of("vm", 2, 1);
        assertThat(plan(Goal.EMPTY_HOSTS).moves()).extracting(Move::wave).containsExactly(1, 2, 3);
        moveRules.of("vm", 1, 1);
        assertThat(plan(Goal.EMPTY_HOSTS).moves()).isEmpty();
        assertThat(plan(Goal.EMPTY_HOSTS).leftOut().get(0).reason())
                .isEqualTo("belongs to a job whose maxUnavailable is 1, and 1 of its VMs do not run");
    }

    @Test
    void jobsTakeTurnsSoThatBudgetsStopNoWave() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(64_000).cpus(32);
        for (int i = 0; i < 2; i++) {
            cluster.vm("a-" + i).at("h1");
            cluster.vm("b-" + i).at("h1");
            cluster.vm("c-" + i).at("h2");
            cluster.vm("d-" + i).at("h2");
            cluster.vm("e-" + i).at("h2");
        }
        moveRules.of("a", 1, 0).of("b", 1, 0);
        assertThat(plan(Goal.EMPTY_HOSTS).moves()).extracting(Move::wave).containsExactly(1, 1, 2, 2);
    }

    @Test
    void aHostDoesNotGiveAndTakeInOneWave() {
        cluster.host("h1").label("disk", "ssd");
        cluster.host("h2").memoryMib(40_000).label("disk", "ssd");
        cluster.host("h3").memoryMib(80_000);
        for (int i = 0; i < 3; i++) {
            cluster.vm("a-" + i).memoryMib(5_000).require("disk", "ssd").at("h1");
            cluster.vm("b-" + i).memoryMib(12_000).at("h2");
        }
        List<Move> moves = plan(Goal.EVEN).moves();
        assertThat(moves)
                .anyMatch(move -> move.to().equals("h2"))
                .anyMatch(move -> move.from().equals("h2"));
        for (Move move : moves) {
            assertThat(moves)
                    .noneMatch(
                            other -> other.wave() == move.wave() && other.from().equals(move.to()));
        }
    }

    @Test
    void startsInFlightAreKept() {
        hostsWithVms(3, 0, 4);
        cluster.host("h3").memoryMib(64_000).starting(1);
        SchedulingPolicy two = new SchedulingPolicy(400, SchedulingPolicy.Packing.PACK, 2, 30, 5, NPlusOne.OFF);
        RebalancePlan plan = Rebalancer.plan(
                cluster.snapshot(), two, 1, Goal.EMPTY_HOSTS, new Limits(100, 5, 500, 100_000), moveRules);
        assertThat(plan.moves()).extracting(Move::wave).containsExactly(1, 2, 2);
    }

    @Test
    void theLastVmThatOthersHaveToBeNearToStays() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(64_000).cpus(32);
        cluster.vm("cache-0").at("h1");
        cluster.vm("web-0").near("cache", "host").at("h1");
        for (int i = 0; i < 3; i++) {
            cluster.vm("other-" + i).at("h2");
            moveRules.but("other-" + i, "is not to move");
        }
        assertThat(plan(Goal.EMPTY_HOSTS).moves()).isEmpty();
        cluster.vm("cache-1").at("h2");
        assertThat(plan(Goal.EMPTY_HOSTS).moves())
                .as("web goes where another cache is, then nobody needs the first")
                .extracting(move -> move.job().name() + " " + move.wave())
                .containsExactly("web 1", "cache 2");
    }

    @Test
    void aJobIsNotSpreadWorse() {
        cluster.host("h1").label("rack", "a");
        cluster.host("h2").label("rack", "b").memoryMib(64_000).cpus(32);
        cluster.host("h3").label("rack", "a").memoryMib(64_000).cpus(32);
        cluster.vm("web-0").spread("rack", 1).at("h1");
        cluster.vm("web-1").spread("rack", 1).at("h2");
        cluster.vm("other-0").memoryMib(20_000).at("h2");
        cluster.vm("other-1").memoryMib(10_000).at("h3");
        cluster.vm("other-2").memoryMib(10_000).at("h3");
        assertThat(plan(Goal.EMPTY_HOSTS).moves())
                .singleElement()
                .satisfies(move -> assertThat(move.to())
                        .as("h2 is fuller, and in the other rack")
                        .isEqualTo("h3"));
    }

    @Test
    void hostsThatAreCordonedDrainedOrLostTakeNoPart() {
        hostsWithVms(4, 0, 0, 0);
        cluster.host("h2").cordoned();
        cluster.host("h3").draining();
        cluster.host("h4").suspect();
        RebalancePlan plan = plan(Goal.EVEN);
        assertThat(plan.moves()).isEmpty();
        assertThat(plan.before().hosts()).isEqualTo(1);
    }

    @Test
    void anEmptyCluster() {
        for (Goal goal : Goal.values()) {
            assertThat(plan(goal))
                    .isEqualTo(new RebalancePlan(
                            goal,
                            List.of(),
                            new Measure(0, 0, 0, 0, 0),
                            new Measure(0, 0, 0, 0, 0),
                            List.of(),
                            List.of(),
                            true));
        }
    }

    @Test
    void limitsHaveToMakeSense() {
        assertThatThrownBy(() -> new Limits(-1, 1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Limits(1, 0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Limits(1, 1, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Limits(1, 1, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
