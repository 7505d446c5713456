package io.kelpie.it.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Clusters of the production code in virtual time, with faults: nothing that must never be ever is, and all heals. */
class SimulationTest {
    private static final int SEEDS = 300;
    private static final int HARSH_SEEDS = 40;
    private static final int NARROW_SEEDS = 4;

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

    @ParameterizedTest
    @EnumSource
    void what_finds_a_missing_rule_finds_nothing_when_it_is_there(Mutation mutation) throws Exception {
        List<String> wrong = new ArrayList<>();
        Runs.many(
                1,
                NARROW_SEEDS,
                seed -> mutation.runSafe(seed, 0.25),
                run -> run.violation().ifPresent(wrong::add));
        assertThat(wrong).isEmpty();
    }

    @Test
    void administrators_among_harsh_faults_break_nothing() throws Exception {
        List<String> wrong = new ArrayList<>();
        Runs.many(
                1,
                HARSH_SEEDS,
                seed -> {
                    World world = new World(seed, false);
                    return Simulation.run(world, 0.25, Profile.harsh(world).administered(world), Rules.SAFE);
                },
                run -> {
                    if (!run.clean()) {
                        wrong.add(Report.failure(run, 0.25));
                    }
                });
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest(name = "seed {0}: {1}")
    @CsvSource({
        "14, a host that was rebooted is taken although its lineages begin anew below those of its former boot",
        "28, the same; and a thaw waits for that host without end",
        "1134, a start of an ended epoch is refused by an answer which the present leader takes for one to its own start",
    })
    void seeds_that_have_found_a_defect_stay_clean(long seed, String defect) {
        RunResult run = Simulation.run(seed, 1, false);
        assertThat(run.clean()).as(defect + "\n" + Report.failure(run, 1)).isTrue();
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
