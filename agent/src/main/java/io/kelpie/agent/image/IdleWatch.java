package io.kelpie.agent.image;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Closes a stream that brings nothing for a time, so that its reader fails instead of waiting for ever. */
final class IdleWatch implements AutoCloseable {
    private final Closeable stream;
    private final Executor later;
    private volatile long progress;
    private volatile boolean fired;
    private volatile boolean closed;

    /** Fires after one to two times {@code idle} without {@link #progressed}. */
    IdleWatch(Closeable stream, Duration idle) {
        this.stream = stream;
        this.later = CompletableFuture.delayedExecutor(idle.toMillis(), TimeUnit.MILLISECONDS);
        watch(0);
    }

    /** Called by the one reader. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void progressed() {
        progress++;
    }

    boolean hasFired() {
        return fired;
    }

    @Override
    public void close() {
        closed = true;
    }

    private void watch(long seen) {
        later.execute(() -> {
            if (closed) {
                return;
            }
            long now = progress;
            if (now != seen) {
                watch(now);
                return;
            }
            fired = true;
            try {
                stream.close();
            } catch (IOException e) {
                // The reader fails with it or was just done: either way there is nothing left to close.
                closed = true;
            }
        });
    }
}
