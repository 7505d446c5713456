package io.kelpie.agent.instance;

import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Lets a sentence pass at most once a second; the first one at once. Thread-safe. */
final class ProgressLimiter implements Provisioner.Watcher {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

    private final TimeSource time;
    private final BooleanSupplier cancelled;
    private final Consumer<String> sink;
    private boolean any;
    private long passedAtNanos;

    ProgressLimiter(TimeSource time, BooleanSupplier cancelled, Consumer<String> sink) {
        this.time = time;
        this.cancelled = cancelled;
        this.sink = sink;
    }

    @Override
    public void progress(String sentence) {
        if (mayPass()) {
            sink.accept(sentence);
        }
    }

    @Override
    public boolean cancelled() {
        return cancelled.getAsBoolean();
    }

    private synchronized boolean mayPass() {
        long now = time.nanoTime();
        if (any && now - passedAtNanos < INTERVAL_NANOS) {
            return false;
        }
        any = true;
        passedAtNanos = now;
        return true;
    }
}
