package io.kelpie.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.it.benchmark.churn.Kind;
import io.kelpie.it.benchmark.measure.Report;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlacementBenchmarkTest {
    private static final PlacementBenchmark.Turns SHORT = new PlacementBenchmark.Turns(1, 1_000_000, 1_000_000);

    @Test
    void theFiguresHaveTheirNames() {
        Map<String, Object> figures = new PlacementBenchmark(100, SHORT, true).run();

        assertThat(figures)
                .containsKeys(
                        "decisionsPerSecond",
                        "p50Micros",
                        "p99Micros",
                        "fenzoBatchPerSecond",
                        "fenzoSinglePerSecond",
                        "timefoldPerSecond",
                        "plainScanPerSecond",
                        "constrainedPerSecond",
                        "nplus1PerSecond",
                        "planHash",
                        "mix");
        assertThat(number(figures, "decisionsPerSecond")).isPositive();
        assertThat(number(figures, "fenzoBatchPerSecond"))
                .isGreaterThanOrEqualTo(number(figures, "fenzoSinglePerSecond"));
        assertThat(Report.json(figures)).contains("\"SPREAD\":");
    }

    @Test
    void whatWasPlacedHasTheSharesThatAreAskedFor() {
        PlacementBenchmark.Turns longer = new PlacementBenchmark.Turns(1, 150_000_000, 1_000_000);
        Map<?, ?> mix =
                (Map<?, ?>) new PlacementBenchmark(300, longer, false).run().get("mix");

        assertThat(share(mix, Kind.SPREAD)).isGreaterThan(0.20);
        assertThat(share(mix, Kind.AFFINITY) + share(mix, Kind.ANTI_AFFINITY)).isGreaterThan(0.20);
        assertThat(share(mix, Kind.LABELS)).isGreaterThan(0.20);
        assertThat(share(mix, Kind.NUMA)).isGreaterThan(0.095);
        assertThat(share(mix, Kind.DEVICES)).isGreaterThan(0.045);
    }

    private static double share(@Nullable Object mix, Kind kind) {
        return mix instanceof Map<?, ?> shares ? number(shares, kind) : -1;
    }

    private static double number(Map<?, ?> figures, Object name) {
        return figures.get(name) instanceof Number number ? number.doubleValue() : -1;
    }
}
