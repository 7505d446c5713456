package io.kelpie.controller.replay.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Round values for an axis that begins at 0.
 *
 * @param values rising from 0; the last is no less than the largest value drawn
 * @param divisor by which a value is divided before it is shown
 * @param unit what is then shown, e.g. {@code days}
 */
record Ticks(List<Double> values, double divisor, String unit) {
    private static final int MOST_STEPS = 8;
    private static final double[] STEPS = {1, 2, 5, 10};
    private static final double MINUTE_S = 60;
    private static final double HOUR_S = 3600;
    private static final double DAY_S = 86_400;

    /** An axis of whole numbers, to at least {@code max}. */
    static Ticks counts(double max, String unit) {
        return of(max, 1, unit, 1);
    }

    /** An axis of time to at least {@code seconds}, in the unit that suits its length. */
    static Ticks time(double seconds) {
        if (seconds > 3 * DAY_S) {
            return of(seconds, DAY_S, "days", 0);
        }
        if (seconds > 3 * HOUR_S) {
            return of(seconds, HOUR_S, "hours", 0);
        }
        return seconds > 3 * MINUTE_S ? of(seconds, MINUTE_S, "minutes", 0) : of(seconds, 1, "seconds", 0);
    }

    private static Ticks of(double max, double divisor, String unit, double minStep) {
        double shown = Math.max(max / divisor, 1);
        double magnitude = Math.pow(10, Math.floor(Math.log10(shown / MOST_STEPS)));
        double step = STEPS[STEPS.length - 1] * magnitude;
        for (double candidate : STEPS) {
            if (candidate * magnitude * MOST_STEPS >= shown) {
                step = candidate * magnitude;
                break;
            }
        }
        step = Math.max(step, minStep);
        List<Double> values = new ArrayList<>();
        int last = (int) Math.ceil(shown / step - 1e-9);
        for (int i = 0; i <= Math.max(last, 1); i++) {
            values.add(i * step * divisor);
        }
        return new Ticks(values, divisor, unit);
    }

    double max() {
        return values.get(values.size() - 1);
    }

    String label(double value) {
        double shown = value / divisor;
        boolean whole = Math.abs(shown - Math.rint(shown)) < 1e-6;
        return whole
                ? String.format(Locale.ROOT, "%,d", Math.round(shown))
                : String.format(Locale.ROOT, "%.2f", shown).replaceAll("0+$", "");
    }
}
