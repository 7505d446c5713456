package io.kelpie.it.benchmark.packing;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.UniformPool;
import io.kelpie.it.benchmark.measure.Report;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CloudReportTest {
    private static final HostKind KIND = HostKind.of("64x256");
    private static final List<Engine> BOTH = List.of(Engine.BEST_FIT, Engine.KELPIE_PACK);

    private final CloudReport report = new CloudReport(300, 2, TimeSource.system());

    private static FewestHosts hosts(long volumeBound, long bound, int bestFit, int kelpie) {
        return new FewestHosts(Map.of(Engine.BEST_FIT, bestFit, Engine.KELPIE_PACK, kelpie), volumeBound, bound, 0);
    }

    @Test
    void seedsAreSummedUpAndThoseThatDifferAreNamed() {
        SeedTotals totals = new SeedTotals();
        totals.add(101, hosts(86, 87, 90, 89));
        totals.add(102, hosts(80, 80, 81, 82));
        totals.add(103, hosts(78, 79, 81, 79));
        totals.add(104, hosts(70, 70, 70, 70));

        assertThat(totals.json())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "seeds",
                        4,
                        "volumeBound",
                        314L,
                        "bound",
                        316L,
                        "bestFit",
                        322L,
                        "kelpiePack",
                        320L,
                        "gapClosed",
                        0.333,
                        "kelpieMore",
                        List.of(102),
                        "kelpieFewer",
                        List.of(101, 103)));
        assertThat(totals.row("96x288").trim().split(" +", 9))
                .containsExactly("96x288", "4", "314", "316", "322", "320", "1", "2", "2 of 6");
    }

    @Test
    void whereBestFitNeedsNoMoreThanTheBoundThereIsNoGap() {
        SeedTotals totals = new SeedTotals();
        totals.add(1, hosts(70, 70, 70, 70));

        assertThat(totals.gapClosed()).isNaN();
        assertThat(totals.row("64x256")).endsWith("no gap");
        assertThat(Report.json(totals.json())).contains("\"gapClosed\":null");
    }

    @Test
    void variantsAreCountedByTheHostsThatTheyNeed() {
        VariantCounts counts = new VariantCounts(hosts(77, 78, 80, 81));
        counts.add(hosts(77, 78, 80, 81));
        counts.add(hosts(77, 78, 81, 81));
        counts.add(hosts(77, 78, 81, 80));
        counts.add(hosts(77, 78, 82, 81));

        assertThat(Report.json(counts.json()))
                .contains("\"variants\":4")
                .contains("\"bestFit\":{\"80\":1,\"81\":2,\"82\":1}")
                .contains("\"kelpiePack\":{\"80\":1,\"81\":3}")
                .contains("\"kelpieMore\":1,\"kelpieFewer\":2");
        assertThat(counts.lines())
                .containsExactly(
                        "  bestFit      needs 80; 80 in 1, 81 in 2, 82 in 1 of 4 variants",
                        "  kelpiePack   needs 81; 80 in 1, 81 in 3, 82 in 0 of 4 variants",
                        "  Kelpie needs more in 1, fewer in 2; bound of the whole trace 78");
    }

    @Test
    void eachSeedIsRunOnEachKind() throws Exception {
        HostKind other = HostKind.of("128x320");
        SeedTotals expected = new SeedTotals();
        for (int seed = 3; seed <= 4; seed++) {
            expected.add(seed, FewestHosts.of(Traces.cloud(300, 2, seed), other.pool(), BOTH));
        }

        Map<String, Object> json = report.seeds(new SeedRange(3, 4), List.of(KIND, other));

        assertThat(json).containsOnlyKeys("64x256", "128x320").containsEntry("128x320", expected.json());
        assertThat(report.violations()).isZero();
    }

    @Test
    void perturbedTracesAreRunOneByOne() throws Exception {
        Trace trace = Traces.cloud(300, 2, 3);
        FewestHosts whole = FewestHosts.of(trace, KIND.pool(), BOTH);

        Map<String, Object> json = report.perturb(new SeedRange(3, 3), List.of(KIND), 4);

        assertThat(json).containsOnlyKeys("cloud-3-64x256");
        assertThat(json.get("cloud-3-64x256")).isInstanceOfSatisfying(Map.class, figures -> {
            assertThat(figures.get("whole")).isEqualTo(whole.json());
            assertThat(figures.get("variants")).isEqualTo(4);
            assertThat(figures.get("oneHostLess"))
                    .isInstanceOfSatisfying(
                            Map.class, less -> assertThat(less.keySet()).isEqualTo(Set.of("bestFit", "kelpiePack")));
        });
        assertThat(report.violations()).isZero();
    }

    @Test
    void theFirstRejectionIsToldWithWhatIsFreeThen() throws Exception {
        Trace trace = DataFolder.read("three", """
                vm,vcpus,memory_gib,arrive_s,lifetime_s
                gone,4,8,0,10
                left,4,200,5,100
                small,2,4,20,100
                large,8,64,30,100
                """);
        UniformPool kind = new UniformPool(16, 256, 1, 20);

        assertThat(FirstRejection.of(Engine.KELPIE_PACK, trace, kind, 2)).isEmpty();
        assertThat(FirstRejection.of(Engine.KELPIE_PACK, trace, kind, 1)).hasValueSatisfying(rejection -> {
            assertThat(rejection.vm().name()).isEqualTo("large");
            assertThat(rejection.freeVcpus()).isEqualTo(10);
            assertThat(rejection.freeMemoryMib()).isEqualTo(52 * 1024);
            assertThat(rejection.line(Engine.KELPIE_PACK))
                    .endsWith(
                            "in a pool of 1 rejects large (8 vCPUs, 64 GiB) while 10 vCPUs (63 %) and 52 GiB (20 %) are free");
        });
    }
}
