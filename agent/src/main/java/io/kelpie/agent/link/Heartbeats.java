package io.kelpie.agent.link;

import io.kelpie.agent.fencing.Lease;
import io.kelpie.agent.instance.HostLease;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.CachedImages;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HeartbeatAck;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The signs of life of one stream, each the question for the lease too: made at the moment at which they are sent, since
 * the lease is counted from there. Belongs to the loop.
 */
final class Heartbeats {
    private static final int UNANSWERED_MAX = 3;

    private final HostLease lease;
    private final HostDescription host;
    private final TimeSource time;
    private final Duration interval;
    private long answeredAtNanos;
    private long lastSequence;
    private @Nullable List<String> toldImages;

    Heartbeats(HostLease lease, HostDescription host, TimeSource time, Duration interval) {
        this.lease = lease;
        this.host = host;
        this.time = time;
        this.interval = interval;
        this.answeredAtNanos = time.nanoTime();
    }

    Duration interval() {
        return interval;
    }

    /** The heartbeat that is sent right now. */
    Heartbeat next() {
        Lease.Question question = lease.ask();
        lastSequence = question.sequence();
        Heartbeat.Builder heartbeat = Heartbeat.newBuilder();
        List<String> images = host.images().get();
        if (!images.equals(toldImages)) {
            toldImages = images;
            heartbeat.setCachedImages(CachedImages.newBuilder().addAllDigests(images));
        }
        return heartbeat
                .setSequence(question.sequence())
                .addAllPools(host.pools().get())
                .setLineage(question.lineage())
                .setOpens(question.opens())
                .setUntilThaw(question.untilThaw())
                .setBootId(host.bootId())
                .build();
    }

    /** The leader has answered; whether that was to one of these. */
    boolean answered(HeartbeatAck ack) {
        if (ack.getSequence() > lastSequence) {
            return false;
        }
        answeredAtNanos = time.nanoTime();
        return true;
    }

    /** How long the leader has not answered. */
    Duration silence() {
        return Duration.ofNanos(time.nanoTime() - answeredAtNanos);
    }

    /** Whether the last heartbeat but one, at least, is not answered. */
    boolean isLate() {
        return silence().compareTo(interval.multipliedBy(3).dividedBy(2)) > 0;
    }

    /** Whether that is too long. */
    boolean isLost() {
        return silence().compareTo(interval.multipliedBy(UNANSWERED_MAX)) > 0;
    }
}
