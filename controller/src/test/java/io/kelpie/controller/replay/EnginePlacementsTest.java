package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayRules.Overhead;
import io.kelpie.controller.replay.ReplayRules.Policy;
import io.kelpie.controller.replay.baseline.ScanPlacements;
import io.kelpie.controller.replay.baseline.ScanPlacements.Choice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The controller's engine on generated traces, judged by code that shares nothing with it. */
class EnginePlacementsTest {
    private static final int SEEDS = 20;

    private final ReplayPool pool = Traces.hostsInRacks(0, 0, 1, 1, 2, 2);

    @ParameterizedTest
    @CsvSource({"PACK,NONE", "PACK,QEMU", "SPREAD,NONE", "SPREAD,QEMU"})
    void noPlanBreaksARuleAndTheSameSeedGivesTheSamePlan(Policy policy, Overhead overhead) {
        for (int seed = 0; seed < SEEDS; seed++) {
            Trace trace = Traces.generated(seed);
            ReplayRules rules = new ReplayRules(policy, overhead, seed);
            ReplayOutcome outcome = ReplayRun.whole(pool, trace, rules, EnginePlacements::new, new StepClock());
            ReplayOutcome again = ReplayRun.whole(pool, trace, rules, EnginePlacements::new, new StepClock());

            assertThat(ReplayChecker.check(pool, trace, overhead, outcome.log()).told())
                    .as("seed %d", seed)
                    .isEmpty();
            assertThat(outcome.placed()).as("seed %d", seed).isPositive();
            assertThat(outcome.rejections()).as("seed %d", seed).isPositive();
            assertThat(again.log().isSameAs(outcome.log())).as("seed %d", seed).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"PACK,NONE", "PACK,QEMU", "SPREAD,NONE", "SPREAD,QEMU"})
    void aVmIsRejectedOnlyIfNoHostPassesAllRules(Policy policy, Overhead overhead) {
        for (int seed = 0; seed < SEEDS; seed++) {
            ReplayRules rules = new ReplayRules(policy, overhead, seed);
            Placements.Factory judged = (hosts, given) -> new Judged(hosts, given);
            ReplayRun.whole(pool, Traces.generated(seed), rules, judged, new StepClock());
        }
    }

    /** The engine, with a plain scan that follows it and is asked whenever it says no. */
    private static final class Judged implements Placements {
        private final EnginePlacements engine;
        private final ScanPlacements scan;

        Judged(ReplayPool pool, ReplayRules rules) {
            engine = new EnginePlacements(pool, rules);
            scan = ScanPlacements.open(pool, rules, Choice.FIRST_FIT);
        }

        @Override
        public Placement place(ReplayVm vm) {
            Placement placement = engine.place(vm);
            if (placement instanceof Placement.Placed placed) {
                scan.adopt(vm, placed);
            } else {
                assertThat(scan.anyHostPasses(vm)).as("%s has a host", vm).isFalse();
            }
            return placement;
        }

        @Override
        public void remove(ReplayVm vm) {
            engine.remove(vm);
            scan.remove(vm);
        }
    }
}
