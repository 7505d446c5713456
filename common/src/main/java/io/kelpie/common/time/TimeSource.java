package io.kelpie.common.time;

/**
 * Both clocks that Kelpie reads. Code takes one instead of calling {@link System}, so that a simulation can give it
 * another.
 */
public interface TimeSource {
    /** Nanoseconds from an arbitrary origin; never goes back. For deadlines and durations. */
    long nanoTime();

    /** Milliseconds since 1970 by the wall clock, which may jump. For what people read; never for deadlines. */
    long wallMillis();

    /** The machine's own clocks. */
    static TimeSource system() {
        return SystemTimeSource.INSTANCE;
    }
}
