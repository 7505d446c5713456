package io.kelpie.it.simulation;

import io.kelpie.agent.fencing.BootClock;
import io.kelpie.common.time.TimeSource;

/** A machine's clocks: they begin anywhere, and run up to one percent faster or slower than the true time. */
final class SimClock implements TimeSource, BootClock {
    private static final long UNIT = 10_000;
    private static final long WALL_ORIGIN_MILLIS = 1_700_000_000_000L;

    private final World world;
    private final long beganNanos;
    private final long offsetNanos;
    private final long rate;

    /** @param drift in units of 0.01 %, -100 to 100 */
    SimClock(World world, long offsetNanos, int drift) {
        this.world = world;
        this.beganNanos = world.now();
        this.offsetNanos = offsetNanos;
        this.rate = UNIT + drift;
    }

    @Override
    public long nanoTime() {
        return offsetNanos + (world.now() - beganNanos) * rate / UNIT;
    }

    @Override
    public long nanos() {
        return nanoTime();
    }

    @Override
    public long wallMillis() {
        return WALL_ORIGIN_MILLIS + world.now() / World.MILLI;
    }

    /** How long it truly takes until this clock has gone on by so much. */
    long trueNanos(long localNanos) {
        return localNanos * UNIT / rate + 1;
    }
}
