package io.kelpie.controller.scheduling.rebalance;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.whatif.Anyone;
import io.kelpie.controller.scheduling.whatif.Cluster;
import io.kelpie.controller.scheduling.whatif.RandomClusters;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RebalanceCheckerTest {
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;

    private final Cluster cluster = new Cluster();
    private final Anyone moveRules = new Anyone();

    @BeforeEach
    void twoHosts() {
        cluster.host("h1");
        cluster.host("h2");
        cluster.vm("a-0").memoryMib(6_000).at("h1");
        cluster.vm("b-0").memoryMib(8_192).at("h2");
    }

    private List<String> check(Move... moves) {
        Measure any = new Measure(0, 0, 0, 0, 0);
        RebalancePlan plan = new RebalancePlan(Goal.EVEN, List.of(moves), any, any, List.of(), List.of(), true);
        return RebalanceChecker.check(cluster.snapshot(), POLICY, moveRules, plan);
    }

    private static Move move(String vm, String from, String to, int wave) {
        String job = vm.substring(0, vm.lastIndexOf('-'));
        return new Move(Cluster.id(vm), TestVm.job(job), 0, from, to, List.of(), wave, 1, 0, "");
    }

    @Test
    void whatIsPlannedPasses() {
        int moves = 0;
        for (Goal goal : Goal.values()) {
            for (long seed = 0; seed < 50; seed++) {
                ClusterSnapshot snapshot = new RandomClusters(seed).snapshot(8, 90);
                RebalancePlan plan = Rebalancer.plan(snapshot, POLICY, seed, goal, Limits.DEFAULT, moveRules);
                assertThat(RebalanceChecker.check(snapshot, POLICY, moveRules, plan))
                        .as("%s seed %d", goal, seed)
                        .isEmpty();
                moves += plan.moves().size();
            }
        }
        assertThat(moves).isGreaterThan(100);
    }

    @Test
    void roomIsFreeOnlyWhenTheWaveIsOver() {
        Move small = move("c-0", "h1", "h2", 1);
        cluster.vm("c-0").memoryMib(4_096).at("h1");
        assertThat(check(small)).isEmpty();
        assertThat(check(small, move("b-0", "h2", "h1", 1)))
                .singleElement()
                .asString()
                .startsWith("wave 1: VM " + Cluster.id("b-0"))
                .contains("memory");
        assertThat(check(small, move("b-0", "h2", "h1", 2))).isEmpty();
    }

    @Test
    void aHostThatTakesNoVms() {
        cluster.host("h3").cordoned();
        assertThat(check(move("a-0", "h1", "h3", 1))).singleElement().asString().contains("cordoned");
        assertThat(check(move("a-0", "h1", "h4", 1))).singleElement().asString().contains("h4");
    }

    @Test
    void aVmThatIsElsewhereOrGone() {
        assertThat(check(move("a-0", "h2", "h1", 1)))
                .containsExactly("wave 1: VM " + Cluster.id("a-0") + " is on h1, not on h2");
        assertThat(check(move("z-0", "h2", "h1", 1)))
                .containsExactly("wave 1: VM " + Cluster.id("z-0") + " is not there");
    }

    @Test
    void aVmThatMayNotMove() {
        moveRules.but("a-0", "keeps disk root there");
        cluster.host("h3");
        assertThat(check(move("a-0", "h1", "h3", 1)))
                .containsExactly("wave 1: VM " + Cluster.id("a-0") + " keeps disk root there");
    }

    @Test
    void aBudgetThatIsUsedUp() {
        cluster.host("h3");
        moveRules.of("a", 1, 1);
        assertThat(check(move("a-0", "h1", "h3", 1)))
                .containsExactly("wave 1: 1 VMs of job shop/a are away, 1 do not run, and its maxUnavailable is 1");
    }
}
