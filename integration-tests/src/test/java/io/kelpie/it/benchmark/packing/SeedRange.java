package io.kelpie.it.benchmark.packing;

import io.kelpie.it.benchmark.measure.BadOptionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Seeds of traces, one after the other.
 *
 * @param first 0 or more
 * @param last not less than the first
 */
public record SeedRange(int first, int last) {
    static final int MOST = 1_000;

    private static final Pattern FORM = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");
    private static final String FIX = "write A-B, e.g. 101-180, or one seed";

    /** {@code A-B} or {@code A}. */
    static SeedRange parse(String option, String text) throws BadOptionException {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new BadOptionException(option, "\"" + text + "\" is no range of seeds from 0 to 999999", FIX);
        }
        int first = Integer.parseInt(matcher.group(1));
        int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
        if (last < first) {
            throw new BadOptionException(option, text + " ends before it begins", "write " + last + "-" + first);
        }
        if (last - first >= MOST) {
            throw new BadOptionException(
                    option, text + " has " + (last - first + 1) + " seeds", "give " + MOST + " at most");
        }
        return new SeedRange(first, last);
    }

    public int count() {
        return last - first + 1;
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return first == last ? String.valueOf(first) : first + "-" + last;
    }
}
