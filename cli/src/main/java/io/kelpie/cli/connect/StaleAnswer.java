package io.kelpie.cli.connect;

import io.grpc.Metadata;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a controller says of an answer that may not be so any more.
 *
 * @param sinceMillis when it was certain for the last time, in milliseconds since 1970
 * @param reason why, a part of a sentence
 */
record StaleAnswer(long sinceMillis, String reason) {
    private static final Metadata.Key<String> SINCE_MILLIS =
            Metadata.Key.of("kelpie-stale-since-millis", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> REASON =
            Metadata.Key.of("kelpie-stale-reason", Metadata.ASCII_STRING_MARSHALLER);

    /** Empty if the answer is not marked. */
    static Optional<StaleAnswer> of(Metadata headers) {
        String since = headers.get(SINCE_MILLIS);
        if (since == null) {
            return Optional.empty();
        }
        @Nullable String reason = headers.get(REASON);
        try {
            return Optional.of(new StaleAnswer(
                    Long.parseLong(since), reason == null ? "the controller does not say why" : reason));
        } catch (NumberFormatException notOurs) {
            return Optional.of(new StaleAnswer(0, "the controller marks it so"));
        }
    }
}
