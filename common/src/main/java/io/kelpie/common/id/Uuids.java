package io.kelpie.common.id;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** Reads UUIDs strictly: {@link UUID#fromString} also takes shorter texts. */
public final class Uuids {
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    private Uuids() {}

    /** Empty if the text is no UUID in its usual form. */
    public static Optional<UUID> parse(String text) {
        return UUID_TEXT.matcher(text).matches() ? Optional.of(UUID.fromString(text)) : Optional.empty();
    }
}
