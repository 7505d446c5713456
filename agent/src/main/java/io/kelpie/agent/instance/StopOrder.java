package io.kelpie.agent.instance;

import java.time.Duration;

/**
 * An instance is to end. Once given, an order is never taken back.
 *
 * @param kind how
 * @param grace how long the guest may take after the ACPI request; zero for a kill
 */
public record StopOrder(Kind kind, Duration grace) {
    /** How an instance is to end. */
    public enum Kind {
        /** By the ladder. */
        STOP,
        /** At once. */
        KILL
    }

    public static StopOrder stop(Duration grace) {
        return new StopOrder(Kind.STOP, grace);
    }

    public static StopOrder kill() {
        return new StopOrder(Kind.KILL, Duration.ZERO);
    }
}
