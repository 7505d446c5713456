package io.kelpie.common.units;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as operators write them: a whole number and one of Mi, Gi, Ti. */
public final class ByteSizes {
    /** What a size may be, for messages. */
    public static final String RULE = "a whole number above 0 followed by Mi, Gi or Ti, e.g. 2Gi";

    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,9})(Mi|Gi|Ti)");

    private ByteSizes() {}

    /** The size in MiB; empty if the text is not a size. */
    public static OptionalLong parseMib(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        long number = Long.parseLong(matcher.group(1));
        return OptionalLong.of(
                switch (matcher.group(2)) {
                    case "Mi" -> number;
                    case "Gi" -> number * 1024;
                    default -> number * 1024 * 1024;
                });
    }

    /** The largest unit that shows the size exactly: {@code 2Gi}, {@code 1536Mi}. */
    public static String formatMib(long mib) {
        if (mib != 0 && mib % (1024 * 1024) == 0) {
            return mib / (1024 * 1024) + "Ti";
        }
        if (mib != 0 && mib % 1024 == 0) {
            return mib / 1024 + "Gi";
        }
        return mib + "Mi";
    }
}
