package io.kelpie.cli.connect;

import org.jspecify.annotations.Nullable;

/**
 * What a call is for, in words.
 *
 * @param what completes "error: cannot …", e.g. {@code scale job 'web'}
 * @param changes whether the call changes something
 * @param ask for a change: the command that shows its outcome
 */
public record Operation(
        String what, boolean changes, @Nullable String ask) {
    /** A call that changes nothing. */
    public static Operation read(String what) {
        return new Operation(what, false, null);
    }

    /** A call that changes something, and the command that shows whether it did. */
    public static Operation change(String what, String ask) {
        return new Operation(what, true, ask);
    }
}
