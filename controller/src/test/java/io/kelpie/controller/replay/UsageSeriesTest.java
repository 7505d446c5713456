package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class UsageSeriesTest {
    @Test
    void keepsEveryPointOfAShortReplay() {
        UsageSeries series = new UsageSeries();
        for (int i = 0; i < UsageSeries.MAX_POINTS; i++) {
            series.add(usage(i, i));
        }

        assertThat(series.arrivalsPerPoint()).isEqualTo(1);
        assertThat(series.points()).hasSize(UsageSeries.MAX_POINTS);
    }

    @Test
    void isBoundedInOrderAndLosesNoPeak() {
        UsageSeries series = new UsageSeries();
        int arrivals = 100_000;
        for (int i = 0; i < arrivals; i++) {
            series.add(usage(i, i == 77_777 ? 999 : i % 7));
        }

        List<Usage> points = series.points();
        assertThat(points.size()).isBetween(UsageSeries.MAX_POINTS / 2, UsageSeries.MAX_POINTS);
        assertThat(points).extracting(Usage::arrived).isSorted().doesNotHaveDuplicates();
        assertThat(points).contains(usage(77_777, 999));
        assertThat(series.arrivalsPerPoint()).isEqualTo(32);
        assertThat(points.get(points.size() - 1).arrived()).isGreaterThan(arrivals - 32);
    }

    @Test
    void ofEquallyManyHostsTheOneWithMoreVcpusIsKept() {
        UsageSeries series = new UsageSeries();
        for (int i = 0; i <= UsageSeries.MAX_POINTS; i++) {
            series.add(new Usage(i, i, 1, i == 0 ? 5 : 1, 1, 1));
        }

        assertThat(series.points().get(0).arrived()).isZero();
        assertThat(series.points().get(1).arrived()).isEqualTo(3);
    }

    private static Usage usage(int arrived, int hosts) {
        return new Usage(arrived, arrived, 1, 1, 1, hosts);
    }
}
