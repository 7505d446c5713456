package io.kelpie.cli.connect;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Sends many messages and waits for the one answer, no faster than the connection takes them. One thread sends. */
final class Upload<Q, S> implements ClientResponseObserver<Q, S> {
    private final CompletableFuture<S> answer = new CompletableFuture<>();
    private final Object ready = new Object();
    private @Nullable ClientCallStreamObserver<Q> requests;

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> stream) {
        requests = stream;
        stream.setOnReadyHandler(this::wake);
    }

    private void wake() {
        synchronized (ready) {
            ready.notifyAll();
        }
    }

    @Override
    public void onNext(S value) {
        answer.complete(value);
        wake();
    }

    @Override
    public void onError(Throwable failure) {
        answer.completeExceptionally(failure);
        wake();
    }

    @Override
    public void onCompleted() {
        answer.completeExceptionally(
                Status.INTERNAL.withDescription("no answer").asRuntimeException());
        wake();
    }

    /**
     * Sends one message when the connection takes it.
     *
     * @return false if the answer has come already: nothing more need be sent
     */
    boolean send(Q message) {
        ClientCallStreamObserver<Q> stream = requests;
        if (stream == null) {
            throw new IllegalStateException("the call was not started");
        }
        synchronized (ready) {
            while (!stream.isReady() && !answer.isDone()) {
                try {
                    ready.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw Status.CANCELLED.withCause(e).asRuntimeException();
                }
            }
        }
        if (answer.isDone()) {
            return false;
        }
        stream.onNext(message);
        return true;
    }

    /** Says that all is sent, and waits for the answer; fails as a blocking call does. */
    S finish() {
        ClientCallStreamObserver<Q> stream = requests;
        if (stream != null && !answer.isDone()) {
            stream.onCompleted();
        }
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Status.CANCELLED.withCause(e).asRuntimeException();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw cause instanceof io.grpc.StatusRuntimeException status
                    ? status
                    : Status.fromThrowable(e).asRuntimeException();
        }
    }
}
