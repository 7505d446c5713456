package io.kelpie.it.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clusters of the production code in virtual time, with faults: nothing that must never be ever is, and all heals. */
class SimulationTest {
    private static final int SEEDS = 300;
    private static final int HARSH_SEEDS = 40;

    @BeforeAll
    static void listen() {
        Defects.listen(false);
    }

    @Test
    void no_seed_breaks_a_promise_and_each_converges() throws Exception {
        List<String> wrong = new ArrayList<>();
        List<RunResult> runs = Runs.many(1, SEEDS, seed -> Simulation.run(seed, 1, false), run -> {
            if (!run.clean()) {
                wrong.add(Report.failure(run, 1));
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(Report.unseen(runs)).isEmpty();
    }

    @Test
    void the_profiles_that_find_missing_rules_find_nothing_when_none_is_missing() throws Exception {
        List<String> wrong = new ArrayList<>();
        Runs.many(
                1,
                HARSH_SEEDS,
                seed -> {
                    World world = new World(seed, false);
                    return Simulation.run(world, 0.25, Profile.harsh(world), Rules.SAFE);
                },
                run -> run.violation().ifPresent(wrong::add));
        assertThat(wrong).isEmpty();
    }

    @Test
    void the_same_seed_is_the_same_run() {
        RunResult first = Simulation.run(7, 0.3, false);
        RunResult second = Simulation.run(7, 0.3, false);
        assertThat(second.hash()).isEqualTo(first.hash());
        assertThat(second.events()).isEqualTo(first.events());
        assertThat(Simulation.run(8, 0.3, false).hash()).isNotEqualTo(first.hash());
    }
}
