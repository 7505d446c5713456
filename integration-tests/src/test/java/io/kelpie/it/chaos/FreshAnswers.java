package io.kelpie.it.chaos;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * Takes no stale answer for one: a leader without a store goes on showing what it knew, in which everything may run that
 * does not. Such a call fails as UNAVAILABLE.
 */
final class FreshAnswers implements ClientInterceptor {
    static final Metadata.Key<String> STALE_SINCE =
            Metadata.Key.of("kelpie-stale-since-millis", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<A> listener, Metadata headers) {
                super.start(new Answer<>(listener), headers);
            }
        };
    }

    private static final class Answer<A> extends SimpleForwardingClientCallListener<A> {
        private boolean stale;

        Answer(ClientCall.Listener<A> listener) {
            super(listener);
        }

        @Override
        public void onHeaders(Metadata headers) {
            stale = headers.containsKey(STALE_SINCE);
            super.onHeaders(headers);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            super.onClose(
                    stale && status.isOk() ? Status.UNAVAILABLE.withDescription("the answer is stale") : status,
                    trailers);
        }
    }
}
