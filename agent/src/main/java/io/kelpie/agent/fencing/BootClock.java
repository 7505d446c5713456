package io.kelpie.agent.fencing;

/**
 * The clock that leases are counted by: nanoseconds since the host was booted, suspension included ({@code
 * CLOCK_BOOTTIME}). The guards read the same one. Thread-safe.
 */
@FunctionalInterface
public interface BootClock {
    long nanos();
}
