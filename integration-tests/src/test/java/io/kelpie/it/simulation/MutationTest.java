package io.kelpie.it.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation is worth something only if it finds what a missing safety rule lets through. */
class MutationTest {
    private static final int SEEDS = 25;
    private static final double HOURS = 0.25;

    /** Checkers of what must never be; a log of a defect in the code does not count. */
    private static final Set<String> SAFETY =
            Set.of("NoDoubleRun", "LedgerKnowsAll", "NoOvercommit", "EpochMonotonic", "ReservationsMatchPlacements");

    @BeforeAll
    static void listen() {
        Defects.listen(false);
    }

    @ParameterizedTest
    @EnumSource
    void a_missing_rule_is_found(Mutation mutation) {
        assertThat(LongStream.rangeClosed(1, SEEDS)
                        .parallel()
                        .mapToObj(seed -> mutation.run(seed, HOURS, false))
                        .filter(run -> run.checker().filter(SAFETY::contains).isPresent())
                        .findAny())
                .as("a violation without the rule " + mutation)
                .isPresent();
    }
}
