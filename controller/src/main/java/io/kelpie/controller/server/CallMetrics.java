package io.kelpie.controller.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.common.time.TimeSource;
import java.util.concurrent.TimeUnit;

/** Counts and times every call; streams are counted when they end and not timed. */
final class CallMetrics implements ServerInterceptor {
    private final Metrics metrics;
    private final TimeSource time;

    CallMetrics(Metrics metrics, TimeSource time) {
        this.metrics = metrics;
        this.time = time;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        long began = time.nanoTime();
        String method = String.valueOf(call.getMethodDescriptor().getBareMethodName());
        boolean unary = call.getMethodDescriptor().getType().clientSendsOneMessage()
                && call.getMethodDescriptor().getType().serverSendsOneMessage();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        metrics.counter(
                                        "kelpie_requests_total",
                                        "Calls by method and gRPC code.",
                                        "method",
                                        method,
                                        "code",
                                        status.getCode().name())
                                .inc();
                        if (unary) {
                            metrics.timer("kelpie_request_seconds", "Time to answer a call.", "method", method)
                                    .update(time.nanoTime() - began, TimeUnit.NANOSECONDS);
                        }
                        super.close(status, trailers);
                    }
                },
                headers);
    }
}
