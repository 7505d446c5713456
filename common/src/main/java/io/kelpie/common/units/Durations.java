package io.kelpie.common.units;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as operators write them: a whole number and one of s, m, h. */
public final class Durations {
    /** What a duration may be, for messages. */
    public static final String RULE = "a whole number followed by s, m or h, e.g. 10m";

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,7})([smh])");

    private Durations() {}

    /** The duration in seconds; empty if the text is not a duration. */
    public static OptionalLong parseSeconds(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        long number = Long.parseLong(matcher.group(1));
        return OptionalLong.of(
                switch (matcher.group(2)) {
                    case "s" -> number;
                    case "m" -> number * 60;
                    default -> number * 3600;
                });
    }

    /** The largest unit that shows the duration exactly: {@code 10m}, {@code 90s}. */
    public static String formatSeconds(long seconds) {
        if (seconds != 0 && seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        if (seconds != 0 && seconds % 60 == 0) {
            return seconds / 60 + "m";
        }
        return seconds + "s";
    }
}
