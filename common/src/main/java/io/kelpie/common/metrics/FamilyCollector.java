package io.kelpie.common.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups the series of a registry into families for Prometheus. Series that were registered without a family are left
 * out. Reads a live registry: a series that comes or goes during a scrape is in it or not.
 */
final class FamilyCollector implements MultiCollector {
    private static final Logger log = LoggerFactory.getLogger(FamilyCollector.class);

    private final MetricRegistry registry;
    private final Map<String, Metrics.Family> families;

    FamilyCollector(MetricRegistry registry, Map<String, Metrics.Family> families) {
        this.registry = registry;
        this.families = families;
    }

    private record Series(SeriesName name, Metric metric) {
        Labels labels() {
            return Labels.of(
                    List.copyOf(name.labels().keySet()),
                    List.copyOf(name.labels().values()));
        }
    }

    @Override
    public MetricSnapshots collect() {
        Map<String, List<Series>> byFamily = new TreeMap<>();
        registry.getMetrics().forEach((key, metric) -> {
            SeriesName name = SeriesName.parse(key);
            byFamily.computeIfAbsent(name.family(), family -> new ArrayList<>()).add(new Series(name, metric));
        });
        MetricSnapshots.Builder snapshots = MetricSnapshots.builder();
        byFamily.forEach((name, series) -> {
            Metrics.@Nullable Family family = families.get(name);
            if (family != null) {
                snapshots.metricSnapshot(snapshot(family, series));
            }
        });
        return snapshots.build();
    }

    private static MetricSnapshot snapshot(Metrics.Family family, List<Series> series) {
        return switch (family.kind()) {
            case COUNTER -> counters(family, series);
            case GAUGE -> gauges(family, series);
            case HISTOGRAM -> histograms(family, series);
        };
    }

    private static MetricSnapshot counters(Metrics.Family family, List<Series> all) {
        CounterSnapshot.Builder snapshot =
                CounterSnapshot.builder().name(family.name()).help(family.help());
        for (Series series : all) {
            @Nullable Double value = value(series);
            if (value != null) {
                snapshot.dataPoint(CounterDataPointSnapshot.builder()
                        .labels(series.labels())
                        .value(value)
                        .build());
            }
        }
        return snapshot.build();
    }

    private static MetricSnapshot gauges(Metrics.Family family, List<Series> all) {
        GaugeSnapshot.Builder snapshot =
                GaugeSnapshot.builder().name(family.name()).help(family.help());
        for (Series series : all) {
            @Nullable Double value = value(series);
            if (value != null) {
                snapshot.dataPoint(GaugeDataPointSnapshot.builder()
                        .labels(series.labels())
                        .value(value)
                        .build());
            }
        }
        return snapshot.build();
    }

    private static MetricSnapshot histograms(Metrics.Family family, List<Series> all) {
        HistogramSnapshot.Builder snapshot =
                HistogramSnapshot.builder().name(family.name()).help(family.help());
        for (Series series : all) {
            if (series.metric() instanceof BucketTimer timer) {
                BucketReservoir buckets = timer.buckets();
                snapshot.dataPoint(HistogramDataPointSnapshot.builder()
                        .labels(series.labels())
                        .classicHistogramBuckets(
                                ClassicHistogramBuckets.of(buckets.upperBoundsSeconds(), buckets.counts()))
                        .sum(buckets.sumSeconds())
                        .build());
            }
        }
        return snapshot.build();
    }

    private static @Nullable Double value(Series series) {
        if (series.metric() instanceof Counter counter) {
            return (double) counter.getCount();
        }
        if (series.metric() instanceof Gauge<?> gauge && read(series.name(), gauge) instanceof Number number) {
            return number.doubleValue();
        }
        return null;
    }

    /** One faulty gauge must not cost an operator all the others: it shows as NaN, and the log says why. */
    private static @Nullable Object read(SeriesName name, Gauge<?> gauge) {
        try {
            return gauge.getValue();
        } catch (RuntimeException e) {
            log.warn("gauge {} could not be read", name.key(), e);
            return Double.NaN;
        }
    }
}
