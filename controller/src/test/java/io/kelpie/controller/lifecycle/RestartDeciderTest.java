package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.lifecycle.RestartDecision.FinalClean;
import io.kelpie.controller.lifecycle.RestartDecision.FinalFailed;
import io.kelpie.controller.lifecycle.RestartDecision.Restart;
import io.kelpie.controller.model.RestartPolicy;
import io.kelpie.controller.model.RestartPolicy.When;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RestartDeciderTest {
    private static final long NOW = 1_000_000_000L;

    @Test
    void failuresInARowBackOffByDoublingUntilTheAttemptsAreUsedUp() {
        List<Long> failures = List.of();
        List<Long> backoffs = new ArrayList<>();
        long now = NOW;
        RestartDecision decision = RestartDecider.decide(RestartPolicy.DEFAULT, InstanceEnd.FAILED, failures, now);
        while (decision instanceof Restart restart) {
            backoffs.add(restart.backoffMillis());
            now += restart.backoffMillis();
            decision = RestartDecider.decide(RestartPolicy.DEFAULT, InstanceEnd.FAILED, restart.failedAtMillis(), now);
        }
        assertThat(backoffs).containsExactly(1_000L, 2_000L, 4_000L, 8_000L, 16_000L);
        assertThat(decision).isInstanceOf(FinalFailed.class);
        assertThat(decision.failedAtMillis()).hasSize(6);
    }

    @ParameterizedTest
    @EnumSource(When.class)
    void anEndByTheHostsLeaseIsNoFailureAndIsRestartedAtOnceUnderEveryPolicy(When when) {
        RestartPolicy policy = new RestartPolicy(when, 1, 60_000);
        assertThat(RestartDecider.decide(policy, InstanceEnd.LEASE_ENDED, List.of(NOW - 1, NOW), NOW))
                .isEqualTo(new Restart(0, List.of(NOW - 1, NOW)));
    }

    /** However often its host loses power, the VM has failed no more often than before. */
    @Test
    void anInstanceThatItsHostHasLostIsNoFailure() {
        List<Long> used = List.of(NOW - 3, NOW - 2, NOW - 1);
        RestartPolicy policy = new RestartPolicy(When.ON_FAILURE, 3, 60_000);
        assertThat(RestartDecider.decide(policy, InstanceEnd.LOST, used, NOW))
                .isEqualTo(new Restart(RestartDecider.FIRST_BACKOFF_MILLIS, used));
        assertThat(RestartDecider.decide(policy, InstanceEnd.FAILED, used, NOW)).isInstanceOf(FinalFailed.class);
    }

    @Test
    void theBackoffGrowsNoLongerThanFiveMinutes() {
        RestartPolicy patient = new RestartPolicy(When.ON_FAILURE, 1_000, 86_400_000);
        List<Long> failures = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            failures.add(NOW - 100 + i);
        }
        assertThat(RestartDecider.decide(patient, InstanceEnd.FAILED, failures, NOW))
                .isInstanceOfSatisfying(
                        Restart.class,
                        restart -> assertThat(restart.backoffMillis()).isEqualTo(300_000));
    }

    @Test
    void failuresOlderThanTheWindowCountNoMore() {
        long window = RestartPolicy.DEFAULT.windowMillis();
        List<Long> old = List.of(NOW - window - 1, NOW - window, NOW - window + 1);
        assertThat(RestartDecider.decide(RestartPolicy.DEFAULT, InstanceEnd.FAILED, old, NOW))
                .isEqualTo(new Restart(2_000, List.of(NOW - window + 1, NOW)));
    }

    @ParameterizedTest
    @CsvSource({
        "ON_FAILURE, CLEAN, FinalClean",
        "ON_FAILURE, COMMANDED, FinalClean",
        "ON_FAILURE, FAILED, Restart",
        "ON_FAILURE, START_REJECTED, Restart",
        "ALWAYS, CLEAN, Restart",
        "ALWAYS, COMMANDED, FinalClean",
        "ALWAYS, FAILED, Restart",
        "ALWAYS, START_REJECTED, Restart",
        "NEVER, CLEAN, FinalClean",
        "NEVER, COMMANDED, FinalClean",
        "NEVER, FAILED, FinalFailed",
        "NEVER, START_REJECTED, FinalFailed",
        "ON_FAILURE, LOST, Restart",
        "ALWAYS, LOST, Restart",
        "NEVER, LOST, FinalFailed"
    })
    void thePolicySaysWhichEndsAreStartedAgain(When when, InstanceEnd end, String expected) {
        RestartDecision decision = RestartDecider.decide(new RestartPolicy(when, 5, 600_000), end, List.of(), NOW);
        assertThat(decision.getClass().getSimpleName()).isEqualTo(expected);
        boolean counts = end == InstanceEnd.FAILED || end == InstanceEnd.START_REJECTED;
        assertThat(decision.failedAtMillis()).isEqualTo(counts ? List.of(NOW) : List.of());
    }

    @Test
    void alwaysRestartsCleanEndsWithoutEnd() {
        RestartPolicy always = new RestartPolicy(When.ALWAYS, 2, 600_000);
        List<Long> twoFailures = List.of(NOW - 2, NOW - 1);
        assertThat(RestartDecider.decide(always, InstanceEnd.CLEAN, twoFailures, NOW))
                .isEqualTo(new Restart(1_000, twoFailures));
        assertThat(RestartDecider.decide(always, InstanceEnd.FAILED, twoFailures, NOW))
                .isInstanceOf(FinalFailed.class);
    }

    @Test
    void noAttemptsMeansTheFirstFailureIsFinal() {
        RestartPolicy none = new RestartPolicy(When.ON_FAILURE, 0, 600_000);
        assertThat(RestartDecider.attemptsExhausted(none, List.of(), NOW)).isFalse();
        assertThat(RestartDecider.decide(none, InstanceEnd.FAILED, List.of(), NOW))
                .isInstanceOf(FinalFailed.class);
    }

    @Test
    void aClockThatWasSetBackDoesNotCountAFailureForever() {
        List<Long> future = List.of(NOW + 86_400_000);
        RestartDecision decision = RestartDecider.decide(RestartPolicy.DEFAULT, InstanceEnd.CLEAN, future, NOW);
        assertThat(decision).isEqualTo(new FinalClean(List.of(NOW)));
        long later = NOW + RestartPolicy.DEFAULT.windowMillis();
        assertThat(RestartDecider.decide(RestartPolicy.DEFAULT, InstanceEnd.CLEAN, decision.failedAtMillis(), later))
                .isEqualTo(new FinalClean(List.of()));
    }

    @ParameterizedTest
    @EnumSource(When.class)
    void randomHistories(When when) {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            RestartPolicy policy = new RestartPolicy(when, random.nextInt(8), 1 + random.nextInt(1_000_000));
            List<Long> failures = List.of();
            long now = NOW;
            for (int step = 0; step < 100; step++) {
                InstanceEnd end = pick(random);
                boolean failed = end == InstanceEnd.FAILED || end == InstanceEnd.START_REJECTED;
                RestartDecision decision = RestartDecider.decide(policy, end, failures, now);

                List<Long> kept = decision.failedAtMillis();
                assertThat(kept).isSorted();
                long windowStart = now - policy.windowMillis();
                assertThat(kept).allMatch(instant -> instant > windowStart);
                assertThat(decision instanceof FinalFailed)
                        .as("final failure, seed %d", seed)
                        .isEqualTo(failed && RestartDecider.attemptsExhausted(policy, kept, now)
                                || end == InstanceEnd.LOST && when == When.NEVER);
                if (decision instanceof Restart restart && end != InstanceEnd.LEASE_ENDED) {
                    assertThat(restart.backoffMillis()).isBetween(1_000L, 300_000L);
                    assertThat(when).isNotEqualTo(When.NEVER);
                }
                assertThat(kept.size()).as("failures kept, seed %d", seed).isLessThanOrEqualTo(failures.size() + 1);
                failures = decision instanceof FinalFailed ? List.of() : kept;
                now += random.nextInt(400_000);
            }
        }
    }

    private static InstanceEnd pick(Random random) {
        List<InstanceEnd> ends = List.of(InstanceEnd.values());
        return ends.get(random.nextInt(ends.size()));
    }
}
