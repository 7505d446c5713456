package io.kelpie.cli.connect;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Messages that a controller sends. One message at a time is asked for, so a slow reader holds at most one; the
 * controller decides what to do with it. One thread reads.
 */
public final class Incoming<T> implements AutoCloseable {
    private final ClientCall<?, T> call;
    private final BlockingQueue<Step<T>> steps = new LinkedBlockingQueue<>();
    private @Nullable Step<T> first;
    private @Nullable End<T> end;

    private Incoming(ClientCall<?, T> call) {
        this.call = call;
    }

    static <Q, S> Incoming<S> open(ClientCall<Q, S> call, Q question) {
        Incoming<S> incoming = new Incoming<>(call);
        call.start(incoming.new Listener(), new Metadata());
        call.request(1);
        call.sendMessage(question);
        call.halfClose();
        return incoming;
    }

    /** Throws {@link StatusRuntimeException} if the stream fails before its first message. */
    void awaitFirst(long timeoutNanos, boolean required, BooleanSupplier sent) {
        first = poll(timeoutNanos);
        if (first == null && (required || !sent.getAsBoolean())) {
            close();
            throw Status.DEADLINE_EXCEEDED.withDescription("no message").asRuntimeException();
        }
        if (first instanceof End<T> failed && !failed.status().isOk()) {
            throw failed.status().asRuntimeException(failed.trailers());
        }
    }

    /**
     * The next message; empty if none comes within that time or the stream has ended, which {@link #ended} tells.
     *
     * @throws StatusRuntimeException if the stream has failed
     */
    public Optional<T> next(Duration timeout) {
        if (end == null) {
            Step<T> step = first != null ? first : poll(timeout.toNanos());
            first = null;
            if (step == null) {
                return Optional.empty();
            }
            if (step instanceof Received<T> received) {
                call.request(1);
                return Optional.of(received.message());
            }
            end = (End<T>) step;
        }
        if (!end.status().isOk()) {
            throw end.status().asRuntimeException(end.trailers());
        }
        return Optional.empty();
    }

    /** True once {@link #next} has come to the end that the controller has set. */
    public boolean ended() {
        return end != null;
    }

    @Override
    public void close() {
        call.cancel("not needed any more", null);
    }

    private @Nullable Step<T> poll(long timeoutNanos) {
        try {
            return steps.poll(timeoutNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException(ExitCode.FAILED, "interrupted", null);
        }
    }

    private sealed interface Step<T> {}

    private record Received<T>(T message) implements Step<T> {}

    private record End<T>(Status status, Metadata trailers) implements Step<T> {}

    private final class Listener extends ClientCall.Listener<T> {
        @Override
        public void onMessage(T message) {
            steps.add(new Received<>(message));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            steps.add(new End<>(status, trailers));
        }
    }
}
