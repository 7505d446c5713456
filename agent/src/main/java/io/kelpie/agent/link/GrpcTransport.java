package io.kelpie.agent.link;

import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.proto.v1.AgentServiceGrpc;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.UploadLogResponse;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reaches controllers by gRPC, with a channel of its own for each connection. Single calls to one address share a channel
 * as long as they succeed: the next one after a failure begins with a new channel, which does not wait for what a broken
 * one waits for.
 */
public final class GrpcTransport implements Transport {
    /** Messages that a controller may send ahead of what was worked off. */
    private static final int AHEAD = 32;

    private static final int SHARED_MAX = 16;

    private final Function<String, ManagedChannel> channels;
    private final Map<String, ManagedChannel> shared = new LinkedHashMap<>();
    private boolean closed;

    /** @param channels makes a channel to an address; see {@link Channels} */
    public GrpcTransport(Function<String, ManagedChannel> channels) {
        this.channels = channels;
    }

    @Override
    public Connection connect(String address, Listener listener) {
        ManagedChannel channel = channels.apply(address);
        Stream stream = new Stream(channel, listener);
        AgentServiceGrpc.newStub(channel).connect(stream);
        return stream;
    }

    @Override
    public Watch watchLeader(String address, WatchLeaderRequest request, WatchListener listener) {
        ManagedChannel channel = channels.apply(address);
        LeaderWatch watch = new LeaderWatch(channel, listener);
        AgentServiceGrpc.newStub(channel).watchLeader(request, watch);
        return watch;
    }

    @Override
    public void confirmNotLeading(
            String address, ConfirmNotLeadingRequest request, Duration deadline, ConfirmListener listener) {
        Optional<ManagedChannel> channel = share(address);
        if (channel.isEmpty()) {
            listener.failed("the agent ends");
            return;
        }
        AgentServiceGrpc.newStub(channel.get())
                .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)
                .confirmNotLeading(request, new StreamObserver<>() {
                    private @Nullable ConfirmNotLeadingResponse answer;

                    @Override
                    public void onNext(ConfirmNotLeadingResponse message) {
                        answer = message;
                    }

                    @Override
                    public void onError(Throwable failure) {
                        discard(address, channel.get());
                        listener.failed(disconnect(failure).message());
                    }

                    @Override
                    public void onCompleted() {
                        if (answer == null) {
                            listener.failed("it answered nothing");
                        } else {
                            listener.answered(answer);
                        }
                    }
                });
    }

    /** The channel for single calls to the address; empty once this is closed. */
    private synchronized Optional<ManagedChannel> share(String address) {
        if (closed) {
            return Optional.empty();
        }
        ManagedChannel channel = shared.remove(address);
        if (channel == null) {
            channel = channels.apply(address);
        }
        shared.put(address, channel);
        if (shared.size() > SHARED_MAX) {
            Iterator<ManagedChannel> oldest = shared.values().iterator();
            oldest.next().shutdown();
            oldest.remove();
        }
        return Optional.of(channel);
    }

    private synchronized void discard(String address, ManagedChannel broken) {
        shared.remove(address, broken);
        broken.shutdownNow();
    }

    /** Ends single calls; each connection closes its own channel. */
    @Override
    public synchronized void close() {
        closed = true;
        shared.values().forEach(ManagedChannel::shutdownNow);
        shared.clear();
    }

    static Disconnect disconnect(Throwable failure) {
        ErrorReason reason = GrpcErrors.reason(failure);
        String message = failure.getMessage()
                + (failure.getCause() == null ? "" : " (" + failure.getCause().getMessage() + ")");
        return switch (reason) {
            case ERROR_REASON_NOT_LEADER ->
                new Disconnect(
                        Disconnect.Kind.NOT_LEADER,
                        GrpcErrors.info(failure)
                                .map(ErrorInfo::getMetadataMap)
                                .map(metadata -> metadata.get("leader"))
                                .filter(leader -> !leader.isEmpty()),
                        message);
            case ERROR_REASON_WRONG_CLUSTER, ERROR_REASON_HOST_ID_IN_USE, ERROR_REASON_INVALID_FIELD ->
                new Disconnect(Disconnect.Kind.REFUSED, Optional.empty(), message);
            default -> new Disconnect(Disconnect.Kind.LOST, Optional.empty(), message);
        };
    }

    private static final class Stream implements Connection, ClientResponseObserver<ConnectRequest, ConnectResponse> {
        private final ManagedChannel channel;
        private final Listener listener;
        private volatile @Nullable ClientCallStreamObserver<ConnectRequest> call;
        private volatile boolean closed;

        Stream(ManagedChannel channel, Listener listener) {
            this.channel = channel;
            this.listener = listener;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ConnectRequest> started) {
            call = started;
            started.disableAutoRequestWithInitial(AHEAD);
            started.setOnReadyHandler(() -> {
                if (!closed) {
                    listener.onReady();
                }
            });
        }

        @Override
        public void onNext(ConnectResponse message) {
            if (!closed) {
                listener.onMessage(message);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end(disconnect(failure));
        }

        @Override
        public void onCompleted() {
            end(new Disconnect(Disconnect.Kind.LOST, Optional.empty(), "the controller ended the stream"));
        }

        private void end(Disconnect why) {
            if (!closed) {
                closed = true;
                channel.shutdownNow();
                listener.onClosed(why);
            }
        }

        private ClientCallStreamObserver<ConnectRequest> call() {
            ClientCallStreamObserver<ConnectRequest> started = call;
            if (started == null) {
                throw new IllegalStateException("gRPC sets the call before it returns");
            }
            return started;
        }

        @Override
        public boolean isReady() {
            return !closed && call().isReady();
        }

        @Override
        public void send(ConnectRequest message) {
            if (!closed) {
                call().onNext(message);
            }
        }

        @Override
        public void received() {
            if (!closed) {
                call().request(1);
            }
        }

        @Override
        public LogCall uploadLog(LogListener logListener) {
            LogStream stream = new LogStream(logListener);
            AgentServiceGrpc.newStub(channel).uploadLog(stream);
            return stream;
        }

        @Override
        public void close() {
            closed = true;
            channel.shutdownNow();
        }
    }

    private static final class LeaderWatch implements Watch, StreamObserver<WatchLeaderResponse> {
        private final ManagedChannel channel;
        private final WatchListener listener;
        private volatile boolean closed;

        LeaderWatch(ManagedChannel channel, WatchListener listener) {
            this.channel = channel;
            this.listener = listener;
        }

        @Override
        public void onNext(WatchLeaderResponse message) {
            if (!closed) {
                listener.leads(message);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end(disconnect(failure).message());
        }

        @Override
        public void onCompleted() {
            end("the controller ended the call");
        }

        private void end(String why) {
            if (!closed) {
                close();
                listener.ended(why);
            }
        }

        @Override
        public void close() {
            closed = true;
            channel.shutdownNow();
        }
    }

    private static final class LogStream
            implements LogCall, ClientResponseObserver<UploadLogRequest, UploadLogResponse> {
        private final LogListener listener;
        private volatile @Nullable ClientCallStreamObserver<UploadLogRequest> call;
        private volatile boolean ended;

        LogStream(LogListener listener) {
            this.listener = listener;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<UploadLogRequest> started) {
            call = started;
            started.setOnReadyHandler(listener::onReady);
        }

        @Override
        public void onNext(UploadLogResponse message) {
            // Says nothing by itself; the end follows.
        }

        @Override
        public void onError(Throwable failure) {
            ended = true;
            listener.onEnded();
        }

        @Override
        public void onCompleted() {
            ended = true;
            listener.onEnded();
        }

        @Override
        public boolean isReady() {
            ClientCallStreamObserver<UploadLogRequest> started = call;
            return started != null && !ended && started.isReady();
        }

        @Override
        public void send(UploadLogRequest message) {
            ClientCallStreamObserver<UploadLogRequest> started = call;
            if (started != null && !ended) {
                started.onNext(message);
            }
        }

        @Override
        public void complete() {
            ClientCallStreamObserver<UploadLogRequest> started = call;
            if (started != null && !ended) {
                started.onCompleted();
            }
        }
    }
}
