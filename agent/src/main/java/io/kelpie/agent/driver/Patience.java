package io.kelpie.agent.driver;

import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what nobody announces: the state of processes that are not the agent's children, of files. */
public final class Patience {
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
    private static final long PAUSE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(20);

    private final TimeSource time;

    public Patience(TimeSource time) {
        this.time = time;
    }

    /** What may become true. */
    public interface Condition {
        boolean isMet() throws DriverException;
    }

    /** Returns whether the condition was met before the deadline. */
    public boolean until(Duration deadline, Condition condition) throws DriverException {
        long end = time.nanoTime() + deadline.toNanos();
        long pause = FIRST_PAUSE_NANOS;
        while (!condition.isMet()) {
            if (time.nanoTime() - end >= 0) {
                return false;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new DriverException("the call was interrupted");
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(pause * 2, PAUSE_NANOS_MAX);
        }
        return true;
    }
}
