package io.kelpie.agent.image;

import java.time.Duration;

/**
 * Limits of an image store.
 *
 * @param maxFileBytes largest file taken into the cache, in bytes
 * @param connectTimeout longest time until a server is connected, and again until it answers
 * @param idleTimeout longest time without a byte from the server
 * @param loopback whether URLs may lead to this machine itself
 */
public record ImageLimits(long maxFileBytes, Duration connectTimeout, Duration idleTimeout, Loopback loopback) {
    /** Whether URLs may lead to a loopback address. */
    public enum Loopback {
        REFUSED,
        /** For one-machine use and tests. */
        ALLOWED
    }

    /** 1 TiB, 10 s, 30 s. */
    public static ImageLimits defaults(Loopback loopback) {
        return new ImageLimits(1L << 40, Duration.ofSeconds(10), Duration.ofSeconds(30), loopback);
    }
}
