package io.kelpie.controller.replay;

import java.io.IOException;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Writes a trace with the shape of a cloud's: many small VMs and few large ones, most for minutes or hours and few for
 * months, arriving at random with a wave a day. The same arguments give the same trace.
 *
 * @param vms how many, at least 1
 * @param days over how many days they arrive, at least 1
 */
public record TraceGenerator(int vms, int days, long seed) {
    private record Flavour(int vcpus, int memoryGib, int weight) {}

    /** Weights are per thousand. */
    private static final Flavour[] FLAVOURS = {
        new Flavour(1, 2, 210),
        new Flavour(2, 4, 190),
        new Flavour(2, 8, 150),
        new Flavour(4, 8, 130),
        new Flavour(4, 16, 110),
        new Flavour(8, 16, 75),
        new Flavour(8, 32, 60),
        new Flavour(16, 32, 30),
        new Flavour(16, 64, 25),
        new Flavour(32, 64, 8),
        new Flavour(32, 128, 8),
        new Flavour(64, 256, 4)
    };

    private static final int WEIGHTS = 1000;
    private static final double DAY_S = 86_400;
    /** Of the mean rate, how much the day's peak is above it and its low below. */
    private static final double WAVE = 0.5;

    private static final double SHORT_SHARE = 0.6;
    private static final double SHORT_MEDIAN_S = 20 * 60;
    private static final double MIDDLE_SHARE = 0.3;
    private static final double MIDDLE_MEDIAN_S = 8 * 3600;
    private static final double LONG_LEAST_S = 2 * DAY_S;
    private static final double LONG_MOST_S = 365 * DAY_S;
    private static final double LONG_EXPONENT = 1.1;

    /** Header and rows as {@code --vms} reads them. */
    public void write(Appendable csv) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        double peakRate = vms / (days * DAY_S) * (1 + WAVE);
        double now = 0;
        csv.append("vm,vcpus,memory_gib,arrive_s,lifetime_s\n");
        for (int i = 0; i < vms; i++) {
            now = nextArrival(now, peakRate, random);
            Flavour flavour = flavour(random);
            double lifetime = Math.max(1, lifetime(random));
            csv.append(String.format(
                    Locale.ROOT, "vm-%d,%d,%d,%.3f,%.3f\n", i, flavour.vcpus(), flavour.memoryGib(), now, lifetime));
        }
    }

    /** Arrivals at the peak's rate, of which so many are dropped that the rate of the hour is left. */
    private static double nextArrival(double after, double peakRate, SplittableRandom random) {
        double now = after;
        double rate;
        do {
            now -= StrictMath.log(chance(random)) / peakRate;
            rate = (1 + WAVE * StrictMath.sin(2 * Math.PI * now / DAY_S)) / (1 + WAVE);
        } while (chance(random) > rate);
        return now;
    }

    private static Flavour flavour(SplittableRandom random) {
        int left = (int) (chance(random) * WEIGHTS);
        for (Flavour flavour : FLAVOURS) {
            left -= flavour.weight();
            if (left < 0) {
                return flavour;
            }
        }
        return FLAVOURS[0];
    }

    private static double lifetime(SplittableRandom random) {
        double kind = chance(random);
        if (kind < SHORT_SHARE) {
            return SHORT_MEDIAN_S * StrictMath.exp(1.2 * normal(random));
        }
        if (kind < SHORT_SHARE + MIDDLE_SHARE) {
            return MIDDLE_MEDIAN_S * StrictMath.exp(normal(random));
        }
        return Math.min(LONG_MOST_S, LONG_LEAST_S * StrictMath.pow(chance(random), -1 / LONG_EXPONENT));
    }

    private static double normal(SplittableRandom random) {
        return StrictMath.sqrt(-2 * StrictMath.log(chance(random))) * StrictMath.cos(2 * Math.PI * chance(random));
    }

    /** Above 0 and below 1. Made from the bits themselves, which no version of the library changes. */
    private static double chance(SplittableRandom random) {
        return ((random.nextLong() >>> 11) + 0.5) * 0x1.0p-53;
    }
}
