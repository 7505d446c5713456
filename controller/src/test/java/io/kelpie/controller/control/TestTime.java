package io.kelpie.controller.control;

import io.kelpie.common.time.TimeSource;
import java.util.concurrent.TimeUnit;

/** A clock that moves when told. */
public final class TestTime implements TimeSource {
    private long nanos = TimeUnit.HOURS.toNanos(1);
    private long wallOffsetMillis = 1_800_000_000_000L;

    @Override
    public long nanoTime() {
        return nanos;
    }

    @Override
    public long wallMillis() {
        return wallOffsetMillis + nanos / 1_000_000;
    }

    /** The wall clock alone jumps. */
    public void jumpWall(long byMillis) {
        wallOffsetMillis += byMillis;
    }

    public void advanceMillis(long millis) {
        nanos += TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
