package io.kelpie.it.benchmark.churn;

import io.kelpie.it.benchmark.measure.Median;
import java.util.ArrayList;
import java.util.List;

/** An engine in one way of use, and what it came to in each of its turns. Used by one thread. */
public final class Contestant {
    private final String name;
    private final Churn churn;
    private final Runnable before;
    private final Latencies latencies;
    private final List<Churn.Window> windows = new ArrayList<>();
    private final List<Double> decidedPerSecond = new ArrayList<>();
    private final List<Double> p50Micros = new ArrayList<>();
    private final List<Double> p99Micros = new ArrayList<>();

    /**
     * @param before makes the engine ready for this way of use
     * @param latencies of single decisions, if the engine notes them there
     */
    public Contestant(String name, Churn churn, Runnable before, Latencies latencies) {
        this.name = name;
        this.churn = churn;
        this.before = before;
        this.latencies = latencies;
    }

    public String name() {
        return name;
    }

    /** A turn that does not count. */
    public Churn.Window warmUp(long nanosMin) {
        before.run();
        return churn.run(nanosMin);
    }

    /** A turn that counts. */
    public void measure(long nanosMin) {
        before.run();
        System.gc(); // what others left behind is not this engine's
        latencies.clear();
        windows.add(churn.run(nanosMin));
        decidedPerSecond.add(latencies.perSecond());
        p50Micros.add(latencies.quantileMicros(0.50));
        p99Micros.add(latencies.quantileMicros(0.99));
    }

    public double placedPerSecond() {
        return Median.of(windows, Churn.Window::placedPerSecond);
    }

    /** Decisions in a second of nothing but decisions; 0 if the engine does not note them. */
    public double decidedPerSecond() {
        return Median.of(decidedPerSecond, Double::doubleValue);
    }

    public double p50Micros() {
        return Median.of(p50Micros, Double::doubleValue);
    }

    public double p99Micros() {
        return Median.of(p99Micros, Double::doubleValue);
    }

    /** Of the last turn, by kind. */
    public double meanMicros(Kind kind) {
        return latencies.meanMicros(kind);
    }

    public List<Churn.Window> windows() {
        return List.copyOf(windows);
    }

    public Churn churn() {
        return churn;
    }
}
