package io.kelpie.controller.api;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The client's end of a stream of answers: takes as many as the test asks for. */
final class Received<R, T> implements ClientResponseObserver<R, T> {
    final List<T> messages = new ArrayList<>();

    @Nullable Throwable failure;

    boolean completed;

    private @Nullable ClientCallStreamObserver<R> call;
    private final int first;

    /** @param first how many messages are taken before {@link #take} is called */
    Received(int first) {
        this.first = first;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<R> stream) {
        call = stream;
        stream.disableAutoRequestWithInitial(first);
    }

    ClientCallStreamObserver<R> call() {
        return java.util.Objects.requireNonNull(call);
    }

    void take(int count) {
        call().request(count);
    }

    void cancel() {
        call().cancel("the test has read enough", null);
    }

    /** The messages since the last call. */
    List<T> taken() {
        List<T> taken = List.copyOf(messages);
        messages.clear();
        return taken;
    }

    /** Throws what the stream ended with. */
    void end() {
        if (failure instanceof RuntimeException e) {
            throw e;
        }
    }

    @Override
    public void onNext(T message) {
        messages.add(message);
    }

    @Override
    public void onError(Throwable cause) {
        failure = cause;
    }

    @Override
    public void onCompleted() {
        completed = true;
    }
}
