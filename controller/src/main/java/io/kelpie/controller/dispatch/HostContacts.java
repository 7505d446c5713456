package io.kelpie.controller.dispatch;

import io.kelpie.common.time.TimeSource;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * When this process has heard each host last, whether it led or not: any message on a stream, or a question whether it
 * leads. Lost with the process, so how long it has listened matters too. Thread-safe.
 */
public final class HostContacts {
    /** Hosts remembered before those heard too long ago to matter are forgotten. */
    private static final int KEPT = 50_000;

    private static final long MATTERS_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final TimeSource time;
    private final long sinceNanos;
    private final Map<String, Long> heardNanos = new ConcurrentHashMap<>();

    public HostContacts(TimeSource time) {
        this.time = time;
        this.sinceNanos = time.nanoTime();
    }

    /** A host was heard now. */
    public void heard(String hostId) {
        long now = time.nanoTime();
        if (heardNanos.size() >= KEPT) {
            heardNanos.values().removeIf(at -> now - at > MATTERS_NANOS);
        }
        heardNanos.put(hostId, now);
    }

    /** How long ago it was heard last, in milliseconds; empty: not since this process began to listen. */
    public OptionalLong millisSince(String hostId) {
        Long at = heardNanos.get(hostId);
        return at == null ? OptionalLong.empty() : OptionalLong.of(millis(at));
    }

    /** How long this process has listened, in milliseconds. */
    public long listeningMillis() {
        return millis(sinceNanos);
    }

    private long millis(long sinceNanos) {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(time.nanoTime() - sinceNanos));
    }
}
