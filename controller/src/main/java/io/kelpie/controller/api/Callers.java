package io.kelpie.controller.api;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Lets a service see who calls it. */
final class Callers implements ServerInterceptor {
    private static final Context.Key<String> PEER = Context.key("kelpie-peer");

    /** The address of the connection that the present call came by; {@code unknown} outside a call. */
    static String present() {
        @Nullable String peer = PEER.get();
        return peer == null ? "unknown" : peer;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        @Nullable SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
        String peer = address == null ? "unknown" : address.toString().replaceFirst("^/", "");
        return Contexts.interceptCall(Context.current().withValue(PEER, peer), call, headers, next);
    }
}
