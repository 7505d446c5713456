package io.kelpie.common.id;

import java.util.regex.Pattern;

/** Keys and values of labels and taints: what a job asks for can be on a host, and the other way round. */
public final class LabelText {
    /** What a key or a value may be, for messages. */
    public static final String RULE =
            "1 to 63 of letters, digits, '-', '.', '_' and '/', beginning and ending with a letter or digit";

    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_./]{0,61}[A-Za-z0-9])?");

    private LabelText() {}

    public static boolean isValid(String text) {
        return LABEL.matcher(text).matches();
    }
}
