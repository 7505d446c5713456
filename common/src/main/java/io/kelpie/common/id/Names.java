package io.kelpie.common.id;

import java.util.regex.Pattern;

/** Names of jobs, namespaces, disks, pools and hosts. */
public final class Names {
    /** Longest name, in characters. */
    public static final int MAX_LENGTH = 56;

    /** What a name may be, for messages. */
    public static final String RULE = "1 to 56 of a-z, 0-9 and '-', beginning and ending with a letter or digit";

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,54}[a-z0-9])?");

    private Names() {}

    public static boolean isValid(String name) {
        return NAME.matcher(name).matches();
    }
}
