package io.kelpie.agent.link;

import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator has to know of the link, each thing once in a while however often it happens. Belongs to the loop. */
final class Complaints {
    private static final Logger LOG = LoggerFactory.getLogger(Complaints.class);

    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final int REMEMBERED_MAX = 32;

    private final TimeSource time;
    private final Map<String, Long> saidAtNanos = new LinkedHashMap<>();

    Complaints(TimeSource time) {
        this.time = time;
    }

    void say(String complaint) {
        long now = time.nanoTime();
        saidAtNanos.values().removeIf(said -> now - said > INTERVAL.toNanos());
        if (!saidAtNanos.containsKey(complaint) && saidAtNanos.size() < REMEMBERED_MAX) {
            saidAtNanos.put(complaint, now);
            LOG.warn("{}", complaint);
        }
    }

    /** All is well: what happens from now on is news. */
    void forget() {
        saidAtNanos.clear();
    }
}
