package io.kelpie.controller.replay.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.Placement;
import io.kelpie.controller.replay.Placements;
import io.kelpie.controller.replay.ReplayChecker;
import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayRules;
import io.kelpie.controller.replay.ReplayRules.Overhead;
import io.kelpie.controller.replay.ReplayRun;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.Traces;
import io.kelpie.controller.replay.baseline.ScanPlacements.Choice;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScanPlacementsTest {
    @Test
    void firstFitTakesTheFirstBestFitTheFullestAndSpreadTheEmptiest() {
        ReplayPool pool = Traces.hostsOf(4, 3, 8);
        Trace trace = Traces.plain("a,3,1");

        assertThat(answers(pool, trace, Choice.FIRST_FIT)).containsExactly(new Placement.Placed(0, 0));
        assertThat(answers(pool, trace, Choice.BEST_FIT)).containsExactly(new Placement.Placed(1, 0));
        assertThat(answers(pool, trace, Choice.SPREAD)).containsExactly(new Placement.Placed(2, 0));
    }

    @Test
    void eachRuleRejectsByItsName() {
        ReplayPool one = Traces.hostsInRacks(0);
        Trace trace = Traces.grouped(
                "wide,17,1,1,none,,",
                "large,1,33,1,none,,",
                "long,9,1,1,none,,",
                "a,2,2,1,anti-affinity,g,",
                "b,2,2,1,anti-affinity,g,",
                "c,2,2,1,fault_domain,g,0",
                "d,2,2,1,fault_domain,g,1",
                "e,2,2,2,none,,");

        assertThat(answers(one, trace, Choice.BEST_FIT))
                .containsExactly(
                        new Placement.Rejected("vcpu"),
                        new Placement.Rejected("memory"),
                        new Placement.Rejected("numa"),
                        new Placement.Placed(0, 0b01),
                        new Placement.Rejected("anti-affinity"),
                        new Placement.Placed(0, 0b01),
                        new Placement.Rejected("fault_domain"),
                        new Placement.Placed(0, 0b11));
    }

    @Test
    void affinityFollowsItsFirstMemberOrIsRejected() {
        Trace trace = Traces.grouped("a,8,8,1,affinity,g,", "b,8,8,1,affinity,g,", "c,1,1,1,affinity,g,");

        assertThat(answers(Traces.hostsInRacks(0, 1, 2), trace, Choice.FIRST_FIT))
                .containsExactly(
                        new Placement.Placed(0, 0b01),
                        new Placement.Placed(0, 0b10),
                        new Placement.Rejected("affinity"));
    }

    @ParameterizedTest
    @EnumSource(Choice.class)
    void generatedTracesBreakNoRule(Choice choice) {
        for (int seed = 0; seed < 50; seed++) {
            Trace trace = Traces.generated(seed);
            ReplayPool pool = Traces.hostsInRacks(0, 0, 1, 1, 2, 2);
            Overhead overhead = seed % 2 == 0 ? Overhead.NONE : Overhead.QEMU;
            ReplayRules rules = new ReplayRules(ReplayRules.Policy.PACK, overhead, seed);

            ReplayOutcome outcome =
                    ReplayRun.whole(pool, trace, rules, ScanPlacements.factory(choice), TimeSource.system());

            assertThat(outcome.placed()).as("seed %d", seed).isPositive();
            assertThat(outcome.placed() + outcome.rejections())
                    .as("seed %d", seed)
                    .isEqualTo(trace.vms().size());
            assertThat(ReplayChecker.check(pool, trace, overhead, outcome.log()).told())
                    .as("seed %d", seed)
                    .isEmpty();
        }
    }

    private static List<Placement> answers(ReplayPool pool, Trace trace, Choice choice) {
        Placements engine = ScanPlacements.factory(choice).open(pool, Traces.PACK);
        return trace.vms().stream().map(vm -> engine.place(vm.vm())).toList();
    }
}
