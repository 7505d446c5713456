package io.kelpie.it.benchmark.measure;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.ToDoubleFunction;

/** Medians. */
public final class Median {
    private Median() {}

    /** The middle one, or the mean of the two in the middle; 0 of none. */
    public static double of(double... values) {
        if (values.length == 0) {
            return 0;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public static <T> double of(Collection<T> samples, ToDoubleFunction<T> value) {
        return of(samples.stream().mapToDouble(value).toArray());
    }
}
