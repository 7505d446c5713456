package io.kelpie.cli.output;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Lengths and points of time as people read them. */
public final class Ages {
    private Ages() {}

    /** From {@code sinceMillis} to {@code nowMillis}, e.g. {@code 5s}, {@code 3m12s}, {@code 2h10m}, {@code 4d}. */
    public static String between(long sinceMillis, long nowMillis) {
        if (sinceMillis == 0) {
            return "-";
        }
        long seconds = Math.max(0, (nowMillis - sinceMillis) / 1000); // two machines' clocks: may be negative
        if (seconds < 120) {
            return seconds + "s";
        }
        if (seconds < 600) {
            return seconds / 60 + "m" + seconds % 60 + "s";
        }
        if (seconds < 3 * 3600) {
            return seconds / 60 + "m";
        }
        if (seconds < 8 * 3600) {
            return seconds / 3600 + "h" + seconds / 60 % 60 + "m";
        }
        if (seconds < 48 * 3600) {
            return seconds / 3600 + "h";
        }
        return seconds / 86400 + "d";
    }

    /** UTC, to the second. */
    public static String timestamp(long millis) {
        return millis == 0
                ? "-"
                : Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
