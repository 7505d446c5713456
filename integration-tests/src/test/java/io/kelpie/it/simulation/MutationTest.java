package io.kelpie.it.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation is worth something only if it finds what a missing safety rule lets through. */
class MutationTest {
    private static final int SEEDS = 25;
    private static final double HOURS = 0.25;

    @BeforeAll
    static void listen() {
        Defects.listen(false);
    }

    @ParameterizedTest
    @EnumSource(
            value = Mutation.class,
            names = {
                "NEW_LEADER_DOES_NOT_WAIT",
                "NO_MARGIN",
                "TERM_FROM_ITS_WRITE",
                "LEASE_FROM_RECEIPT",
                "GRANT_WITHOUT_PROOF",
                "NO_FENCE_ON_WRITES",
                "NO_LINEAGE_BARRIER",
                "NO_GUARD",
                "MAJORITY",
                "CHECK_BEFORE_RECORD",
                "NOT_CLOSED"
            })
    void a_missing_rule_is_found(Mutation mutation) {
        assertThat(LongStream.rangeClosed(1, SEEDS)
                        .mapToObj(seed -> mutation.run(seed, HOURS))
                        .filter(run -> run.violation().isPresent())
                        .findFirst())
                .as("a violation without the rule " + mutation)
                .isPresent();
    }
}
