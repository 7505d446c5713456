package io.kelpie.agent.image;

import io.kelpie.common.time.TimeSource;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Tells how far a copy is, about once a second. For one thread. */
final class Progress {
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String what;
    private final long totalBytes;
    private final Consumer<String> listener;
    private final TimeSource time;
    private long lastNanos;

    /** @param totalBytes 0 if unknown */
    Progress(String what, long totalBytes, Consumer<String> listener, TimeSource time) {
        this.what = what;
        this.totalBytes = totalBytes;
        this.listener = listener;
        this.time = time;
        this.lastNanos = time.nanoTime();
    }

    void begin(long doneBytes) {
        listener.accept(text(doneBytes));
    }

    void at(long doneBytes) {
        long now = time.nanoTime();
        if (now - lastNanos >= INTERVAL_NANOS) {
            lastNanos = now;
            listener.accept(text(doneBytes));
        }
    }

    private String text(long doneBytes) {
        return totalBytes == 0
                ? what + ": " + (doneBytes >> 20) + " MiB"
                : what + ": " + (doneBytes >> 20) + " of " + ((totalBytes + (1 << 20) - 1) >> 20) + " MiB";
    }
}
