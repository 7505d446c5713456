package io.kelpie.controller.api;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.kelpie.controller.control.Standing;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Marks answers that may not be so any more by two response headers: {@code kelpie-stale-since-millis}, when the answer
 * was certain for the last time, in milliseconds since 1970, and {@code kelpie-stale-reason}, one sentence in ASCII.
 */
public final class StaleHeaders implements ServerInterceptor {
    static final Metadata.Key<String> SINCE_MILLIS =
            Metadata.Key.of("kelpie-stale-since-millis", Metadata.ASCII_STRING_MARSHALLER);
    static final Metadata.Key<String> REASON = Metadata.Key.of("kelpie-stale-reason", Metadata.ASCII_STRING_MARSHALLER);

    private static final Context.Key<AtomicReference<Standing.@Nullable Stale>> MARK = Context.key("kelpie-stale");

    /** Marks the answer of the call that runs on this thread. */
    static void mark(Standing.Stale stale) {
        AtomicReference<Standing.@Nullable Stale> mark = MARK.get();
        if (mark != null) {
            mark.set(stale);
        }
    }

    @Override
    public <Q, S> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, S> call, Metadata requestHeaders, ServerCallHandler<Q, S> next) {
        AtomicReference<Standing.@Nullable Stale> mark = new AtomicReference<>();
        ServerCall<Q, S> marked = new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata headers) {
                Standing.Stale stale = mark.get();
                if (stale != null) {
                    headers.put(SINCE_MILLIS, String.valueOf(stale.sinceMillis()));
                    headers.put(REASON, ascii(stale.reason()));
                }
                super.sendHeaders(headers);
            }
        };
        return Contexts.interceptCall(Context.current().withValue(MARK, mark), marked, requestHeaders, next);
    }

    private static String ascii(String text) {
        StringBuilder ascii = new StringBuilder(text.length());
        text.codePoints().forEach(c -> ascii.append(c >= ' ' && c < 0x7f ? (char) c : '?'));
        return ascii.toString();
    }
}
