package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How this controller stands towards operators: what it may show, and why it refuses a change. A controller that led and
 * lost its store goes on showing what it knew last, marked as stale, as long as nobody else can be seen to lead.
 *
 * <p>The control thread tells it what happens; any thread asks.
 */
public final class Standing {
    /** A store that is silent for less than this is not called lost: changes wait for it. */
    private static final long BLIP_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * What is shown.
     *
     * @param stale why it may not be so any more; empty: it is the leader's present view
     */
    public record Shown(LeaderView view, Optional<Stale> stale) {}

    /**
     * @param sinceMillis when it was known to be so last, in milliseconds since 1970
     * @param reason completes the sentence "stale, because …"
     */
    public record Stale(long sinceMillis, String reason) {}

    private record Kept(LeaderView view, long asOfMillis) {}

    private record Silence(long sinceNanos, long sinceMillis) {}

    private final Leadership leadership;
    private final TimeSource time;
    private volatile @Nullable LeaderView leading;
    private volatile @Nullable Kept kept;
    private volatile @Nullable Silence silence;
    private Optional<ReadOnly> told = Optional.empty();

    Standing(Leadership leadership, TimeSource time) {
        this.leadership = leadership;
        this.time = time;
    }

    /** This controller leads, and shows this. */
    void leads(LeaderView view) {
        leading = view;
        kept = null;
    }

    /** It leads no more; what it showed was certain for the last time at the given wall time. */
    void ended(long certainAtMillis) {
        LeaderView view = leading;
        leading = null;
        if (view != null) {
            Silence lost = silence;
            kept = new Kept(view, lost == null ? certainAtMillis : Math.min(lost.sinceMillis(), certainAtMillis));
        }
    }

    /** To be called with each tick. */
    void observe(boolean storeConnected) {
        if (!storeConnected) {
            if (silence == null) {
                silence = new Silence(time.nanoTime(), time.wallMillis());
            }
            return;
        }
        silence = null;
        tellReadOnly();
        if (kept != null && leadership.readOnly().isEmpty()) {
            kept = null; // another controller leads by now, or will
        }
    }

    private void tellReadOnly() {
        Kept last = kept;
        Optional<ReadOnly> why = leadership.readOnly();
        if (last != null && why.isPresent() && !why.equals(told)) {
            last.view().events().add("cluster", "ReadOnly", why.get().reason());
        }
        told = why;
    }

    /** The present view of a leader; empty if this controller does not lead. */
    public Optional<LeaderView> leading() {
        return Optional.ofNullable(leading);
    }

    /** What may be shown; empty if another controller has to be asked. */
    public Optional<Shown> shown() {
        LeaderView view = leading;
        Silence lost = silence;
        if (view != null) {
            return Optional.of(new Shown(
                    view,
                    lost == null
                            ? Optional.empty()
                            : Optional.of(new Stale(lost.sinceMillis(), "the store is silent"))));
        }
        Kept last = kept;
        if (last == null) {
            return Optional.empty();
        }
        Optional<String> why = leadership
                .readOnly()
                .map(ReadOnly::reason)
                .or(() -> lost == null ? Optional.empty() : Optional.of("the store does not answer"));
        return why.map(reason -> new Shown(last.view(), Optional.of(new Stale(last.asOfMillis(), reason))));
    }

    /** Why a change cannot even be tried; empty: it can. */
    public Optional<KelpieException> refusal() {
        Silence lost = silence;
        if (leading != null) {
            return lost != null && time.nanoTime() - lost.sinceNanos() >= BLIP_NANOS
                    ? Optional.of(unavailable(lost))
                    : Optional.empty();
        }
        Optional<ReadOnly> readOnly = leadership.readOnly();
        if (readOnly.isPresent()) {
            return Optional.of(readOnly.get().refusal());
        }
        return Optional.of(lost == null ? notLeader() : unavailable(lost));
    }

    private KelpieException unavailable(Silence lost) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(time.nanoTime() - lost.sinceNanos());
        return new KelpieException(
                ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
                "the store has not answered this controller for " + seconds
                        + " s, so nothing can be changed; VMs go on",
                "bring a majority of the ZooKeeper servers back; what each controller sees: kelpie cluster status",
                Map.of("silent_seconds", String.valueOf(seconds)));
    }

    /** The refusal of a controller that does not lead; names the leader if one is known. */
    public KelpieException notLeader() {
        return leadership
                .leaderAddress()
                .map(leader -> new KelpieException(
                        ErrorReason.ERROR_REASON_NOT_LEADER,
                        "this controller does not lead; the leader is " + leader,
                        "ask it",
                        Map.of("leader", leader)))
                .orElseGet(() -> new KelpieException(
                        ErrorReason.ERROR_REASON_NOT_LEADER,
                        "this controller does not lead, and no leader is known",
                        "retry in a few seconds; if it lasts, look at ZooKeeper"));
    }
}
