package io.kelpie.common.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The measurements of one process.
 *
 * <p>A series is a family and its labels, given as alternating names and values. Asking again for the same family and
 * labels gives the same counter or timer; a gauge asked for again reads its new supplier from then on. The help of a
 * family is that of its first series. Names are those of Prometheus, with units: {@code kelpie_commit_seconds},
 * {@code kelpie_commits_total}. Labels that name a host, a VM or another thing that comes and goes need
 * {@link #remove}, else their series stay for the life of the process.
 *
 * <p>All methods may be called by any thread. They throw {@link IllegalArgumentException} for a malformed name, for
 * labels that are not pairs, and for a family that is already of another kind: faults of the calling code.
 */
public final class Metrics {
    /** What a family is to Prometheus. */
    enum Kind {
        COUNTER,
        GAUGE,
        HISTOGRAM
    }

    /** What all series of a family share. */
    record Family(String name, Kind kind, String help) {}

    private static final String COUNTER_SUFFIX = "_total";

    private final MetricRegistry registry = new MetricRegistry();
    private final Map<String, Family> families = new ConcurrentHashMap<>();

    /**
     * A counter, which only grows and starts at 0.
     *
     * @param family ends with {@code _total}
     */
    public Counter counter(String family, String help, String... labelPairs) {
        SeriesName series = declare(family, Kind.COUNTER, help, labelPairs);
        return registry.counter(series.key());
    }

    /**
     * A counter that something else keeps; {@code value} is read at each scrape by the scraping thread.
     *
     * @param family ends with {@code _total}
     */
    public void counterOf(String family, String help, Supplier<? extends Number> value, String... labelPairs) {
        replace(declare(family, Kind.COUNTER, help, labelPairs), value);
    }

    /**
     * A value that rises and falls, read at each scrape by the scraping thread: the supplier must be safe for that,
     * must not block, and may answer null to leave the series out of a scrape.
     */
    public void gauge(String family, String help, Supplier<? extends Number> value, String... labelPairs) {
        replace(declare(family, Kind.GAUGE, help, labelPairs), value);
    }

    /**
     * Durations, exposed as a histogram in seconds with fixed buckets from 100 µs to 5 min.
     *
     * @param family ends with {@code _seconds}
     */
    public Timer timer(String family, String help, String... labelPairs) {
        SeriesName series = declare(family, Kind.HISTOGRAM, help, labelPairs);
        return registry.timer(series.key(), BucketTimer::new);
    }

    /** Forgets a series; nothing happens if there is none. */
    public void remove(String family, String... labelPairs) {
        registry.remove(SeriesName.of(family, labelPairs).key());
    }

    /** The registry underneath, keyed {@code family{label=value}}, for reporters other than Prometheus. */
    public MetricRegistry registry() {
        return registry;
    }

    /** All series by family, as Prometheus sees them. */
    MultiCollector collector() {
        return new FamilyCollector(registry, families);
    }

    private SeriesName declare(String family, Kind kind, String help, String... labelPairs) {
        SeriesName series = SeriesName.of(family, labelPairs);
        if (family.endsWith(COUNTER_SUFFIX) != (kind == Kind.COUNTER)) {
            throw new IllegalArgumentException(
                    "counters, and only they, end with " + COUNTER_SUFFIX + ": " + kind + " " + family);
        }
        if (kind == Kind.HISTOGRAM && !family.endsWith("_seconds")) {
            throw new IllegalArgumentException("timers end with _seconds: " + family);
        }
        Family declared = families.computeIfAbsent(family, name -> new Family(name, kind, help));
        if (declared.kind() != kind) {
            throw new IllegalArgumentException(family + " is a " + declared.kind() + ", not a " + kind);
        }
        return series;
    }

    private synchronized void replace(SeriesName series, Supplier<? extends Number> value) {
        Gauge<Number> gauge = value::get;
        registry.remove(series.key());
        registry.register(series.key(), gauge);
    }
}
