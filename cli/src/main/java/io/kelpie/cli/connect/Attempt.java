package io.kelpie.cli.connect;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ClientStreamTracer;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One try of a call at one controller: its deadline, and whether its request may have reached the controller. The
 * latter decides between "failed" and "outcome unknown". Thread-safe.
 */
final class Attempt extends ClientStreamTracer.Factory implements ClientInterceptor {
    private final long timeoutNanos;
    private volatile boolean sent;
    private volatile Optional<StaleAnswer> stale = Optional.empty();

    /** @param timeoutNanos 0: no deadline */
    Attempt(long timeoutNanos) {
        this.timeoutNanos = timeoutNanos;
    }

    Channel on(Channel channel) {
        return ClientInterceptors.intercept(channel, this);
    }

    /** False if the request certainly never left this machine. */
    boolean maySent() {
        return sent;
    }

    @Override
    public <Q, S> ClientCall<Q, S> interceptCall(MethodDescriptor<Q, S> method, CallOptions options, Channel next) {
        CallOptions traced = options.withStreamTracerFactory(this);
        ClientCall<Q, S> call = next.newCall(
                method, timeoutNanos > 0 ? traced.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS) : traced);
        return new SimpleForwardingClientCall<>(call) {
            @Override
            public void start(Listener<S> listener, Metadata headers) {
                super.start(
                        new SimpleForwardingClientCallListener<>(listener) {
                            @Override
                            public void onHeaders(Metadata answered) {
                                stale = StaleAnswer.of(answered);
                                super.onHeaders(answered);
                            }
                        },
                        headers);
            }
        };
    }

    /** What the controller has said of its answer, if that may not be so any more. */
    Optional<StaleAnswer> stale() {
        return stale;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
        return new ClientStreamTracer() {
            /** Before anything is written: the controller may have done it before the write is known to be over. */
            @Override
            public void streamCreated(Attributes transport, Metadata sentHeaders) {
                sent = true;
            }
        };
    }
}
