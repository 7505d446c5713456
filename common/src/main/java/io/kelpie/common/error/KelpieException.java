package io.kelpie.common.error;

import static java.util.Objects.requireNonNull;

import io.kelpie.proto.v1.ErrorReason;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A call cannot be done, for a reason that the caller is told.
 *
 * <p>The message is one sentence for the operator: what, why and the next step. The metadata repeats its figures for
 * programs, with units in the keys.
 */
public final class KelpieException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorReason reason;
    private final transient SortedMap<String, String> metadata;

    public KelpieException(ErrorReason reason, String message, Map<String, String> metadata) {
        super(requireNonNull(message, "message"));
        this.reason = requireNonNull(reason, "reason");
        this.metadata = new TreeMap<>(metadata);
    }

    public KelpieException(ErrorReason reason, String message) {
        this(reason, message, Map.of());
    }

    /** @param fix completes the sentence "Fix: ...", and stands in the metadata as {@code fix} too */
    public KelpieException(ErrorReason reason, String problem, String fix, Map<String, String> metadata) {
        this(reason, problem + ". Fix: " + fix, with(metadata, "fix", fix));
    }

    /** @param fix completes the sentence "Fix: ...", and stands in the metadata as {@code fix} too */
    public KelpieException(ErrorReason reason, String problem, String fix) {
        this(reason, problem, fix, Map.of());
    }

    /** A field of the request is malformed or out of range. {@code fix} completes the sentence "Fix: ...". */
    public static KelpieException invalidField(String field, String problem, String fix) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_INVALID_FIELD, field + ": " + problem, fix, Map.of("field", field));
    }

    private static Map<String, String> with(Map<String, String> metadata, String key, String value) {
        Map<String, String> more = new HashMap<>(metadata);
        more.put(key, value);
        return more;
    }

    public ErrorReason reason() {
        return reason;
    }

    /** Sorted by key; never null. */
    public SortedMap<String, String> metadata() {
        return metadata;
    }
}
