package io.kelpie.it.benchmark.churn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.kelpie.controller.model.PlacementRules;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobStreamTest {
    private static final int JOBS = 40_000;

    @ParameterizedTest
    @ValueSource(ints = {100, 5_000})
    void sharesOfTheKindsAreThoseOfTheMix(int hosts) {
        Map<Kind, Double> shares = shares(new JobStream(Mix.ALL_RULES, 1, hosts));

        for (Kind kind : Kind.values()) {
            assertThat(shares.getOrDefault(kind, 0.0))
                    .as("%s", kind)
                    .isCloseTo(Mix.ALL_RULES.perThousand(kind) / 1000.0, within(0.01));
        }
        assertThat(shares.getOrDefault(Kind.SPREAD, 0.0)).isGreaterThanOrEqualTo(0.20);
        assertThat(shares.getOrDefault(Kind.AFFINITY, 0.0) + shares.getOrDefault(Kind.ANTI_AFFINITY, 0.0))
                .isGreaterThanOrEqualTo(0.20);
        assertThat(shares.getOrDefault(Kind.LABELS, 0.0)).isGreaterThanOrEqualTo(0.20);
        assertThat(shares.getOrDefault(Kind.NUMA, 0.0)).isGreaterThanOrEqualTo(0.10);
        assertThat(shares.getOrDefault(Kind.DEVICES, 0.0)).isGreaterThanOrEqualTo(0.05);
    }

    @Test
    void eachVmOfTheConstrainedMixHasARule() {
        JobStream stream = new JobStream(Mix.CONSTRAINED, 1, 1_000);

        for (long number = 0; number < JOBS; number++) {
            ChurnJob job = stream.job(number);
            boolean free = job.request(0).rules().equals(PlacementRules.NONE)
                    && job.request(0).shape().numaNodes() == 0
                    && job.request(0).shape().devices().isEmpty();
            assertThat(free).as("job %s of kind %s", number, job.kind()).isFalse();
        }
    }

    @Test
    void aJobIsAFunctionOfItsNumberAndTheSeed() {
        JobStream one = new JobStream(Mix.ALL_RULES, 7, 1_000);
        JobStream same = new JobStream(Mix.ALL_RULES, 7, 1_000);
        JobStream other = new JobStream(Mix.ALL_RULES, 8, 1_000);
        one.job(3);
        one.job(1);
        Set<Object> differing = new HashSet<>();

        for (long number = 0; number < 100; number++) {
            ChurnJob job = one.job(number);
            ChurnJob again = same.job(number);
            assertThat(again.kind()).isEqualTo(job.kind());
            assertThat(again.vms()).isEqualTo(job.vms());
            for (int vm = 0; vm < job.vms(); vm++) {
                assertThat(again.request(vm)).isEqualTo(job.request(vm));
            }
            if (!other.job(number).request(0).equals(job.request(0))) {
                differing.add(number);
            }
        }
        assertThat(differing).hasSizeGreaterThan(80);
    }

    private static Map<Kind, Double> shares(JobStream stream) {
        Map<Kind, Integer> vms = new EnumMap<>(Kind.class);
        int all = 0;
        for (long number = 0; number < JOBS; number++) {
            ChurnJob job = stream.job(number);
            vms.merge(job.kind(), job.vms(), Integer::sum);
            all += job.vms();
        }
        Map<Kind, Double> shares = new EnumMap<>(Kind.class);
        for (Map.Entry<Kind, Integer> kind : vms.entrySet()) {
            shares.put(kind.getKey(), (double) kind.getValue() / all);
        }
        return shares;
    }
}
