package io.kelpie.agent.fencing;

import io.kelpie.agent.fencing.Deadline.End;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.proto.v1.LeaseGrant;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The right of this host to go on running its leased instances, as a state machine: no clock, no thread, no file of its
 * own. Instants are of the {@link BootClock}, and every input looks at the present one first, so that a process that was
 * stopped for a while does nothing by a lease that has lapsed meanwhile.
 *
 * <p>What {@link #nextWrite} says is written into the {@link DeadlineFile}; a longer lease counts only from {@link
 * #written} on, so nobody relies on what a guard cannot read.
 *
 * <pre>
 * HELD ──lapse──▶ BARRIER ──passed──▶ ASKING ──grant written──▶ HELD
 * </pre>
 *
 * A lapse begins a new lineage and writes that there is no lease; each question for a new lease has a lineage of its own.
 * Used by one thread.
 */
public final class Lease {
    /** Where the host is. */
    public enum State {
        /** The lease has lapsed, and leased instances may be left. Nothing is asked. */
        BARRIER,
        /** No leased instance is left; a lease is asked for. */
        ASKING,
        /** The lease lasts. */
        HELD
    }

    /** What becomes of a grant. */
    public enum Verdict {
        TAKEN,
        OTHER_BOOT,
        OTHER_EPOCH,
        OTHER_LINEAGE,
        /** It answers no question that is open: of an earlier stream, or older than the last that was granted. */
        NO_SUCH_QUESTION,
        /** The lease has lapsed before it came. */
        LAPSED,
        /** It came so late that it ends before it began. */
        TOO_LATE
    }

    /**
     * What a heartbeat says of the lease.
     *
     * @param sequence grows by one with each question of this process
     * @param lineage lineage held or asked for; 0: nothing is asked
     * @param opens whether a new lease is asked for
     * @param untilThaw whether guards may be told that the lease has no end
     */
    public record Question(long sequence, long lineage, boolean opens, boolean untilThaw) {}

    /** A lease that is held: its lineage, and the end that the deadline file tells; see {@link #FOREVER}. */
    public record Held(long lineage, long endNanos) {}

    /** End of a lease that lasts until a thaw. */
    public static final long FOREVER = Long.MAX_VALUE;

    /** A question for a new lease that has not been answered after so many heartbeats is given up. */
    private static final int HEARTBEATS_PER_OPENING = 3;

    private static final int QUESTIONS_MAX = 256;

    private final LeaseRules rules;
    private final String bootId;

    private State state;
    private long lineage;
    private long lineageSinceNanos;
    /** While held: what the deadline file tells. */
    private long endNanos;

    private long grantedAtNanos;
    private long killMarginNanos = LeaseTimes.DEFAULT.killMargin().toNanos();
    private long heartbeatNanos = LeaseTimes.DEFAULT.heartbeat().toNanos();

    private long lastSequence;
    /** When each question that may still be granted was sent. */
    private final TreeMap<Long, Long> asked = new TreeMap<>();
    /** When the last question for a new lease was sent. */
    private @Nullable Long openedAtNanos;

    private @Nullable Deadline wanted;
    private @Nullable Deadline writing;
    private boolean fileMaySayThaw;
    private boolean barrierWritten;

    /**
     * Goes on with the lease that the file tells, if it is of this boot and lasts; else begins behind the barrier.
     *
     * @param found what the deadline file says
     */
    public Lease(LeaseRules rules, String bootId, Optional<Deadline> found, long nowNanos) {
        this.rules = rules;
        this.bootId = bootId;
        Optional<Deadline> ofThisBoot =
                found.filter(deadline -> deadline.bootId().equals(bootId));
        this.lineage = ofThisBoot.map(Deadline::lineage).orElse(0L);
        this.endNanos = ofThisBoot.map(Deadline::end).map(Lease::endOf).orElse(Long.MIN_VALUE);
        this.fileMaySayThaw = endNanos == FOREVER;
        this.grantedAtNanos = nowNanos;
        this.state = State.HELD;
        if (nowNanos >= endNanos) {
            lapse(nowNanos);
        }
    }

    private static long endOf(End end) {
        if (end instanceof End.At at) {
            return at.nanos();
        }
        return end instanceof End.Thaw ? FOREVER : Long.MIN_VALUE;
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    public State state() {
        return state;
    }

    /** The lineage that is held, was last asked for, or will not be used. */
    public long lineage() {
        return lineage;
    }

    /** When the lineage began, or the boot if an earlier process of the agent began it. */
    public long lineageSinceNanos() {
        return lineageSinceNanos;
    }

    /** The lease, while it is held. */
    public Optional<Held> held() {
        return state == State.HELD ? Optional.of(new Held(lineage, endNanos)) : Optional.empty();
    }

    /** Whether controllers are to be asked if they lead: the lease has an end, and nobody has extended it lately. */
    public boolean wantsConfirmation(boolean hasLeader, long nowNanos) {
        return state == State.HELD
                && endNanos != FOREVER
                && (!hasLeader || nowNanos - grantedAtNanos > 2 * heartbeatNanos);
    }

    /** Whether a leased instance may be started now by a command that names this lineage. */
    public boolean mayStart(long commandLineage, long nowNanos) {
        look(nowNanos);
        return state == State.HELD && rules.mayStart(commandLineage, lineage, endNanos, nowNanos, killMarginNanos);
    }

    /** Whether a start that names this lineage may be possible once the deadline file is written. */
    public boolean isBeingWritten(long commandLineage) {
        return isLease(wanted, commandLineage) || isLease(writing, commandLineage);
    }

    private static boolean isLease(@Nullable Deadline deadline, long ofLineage) {
        return deadline != null && deadline.lineage() == ofLineage && !(deadline.end() instanceof End.None);
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    /** Looks whether the lease has lapsed. */
    public void look(long nowNanos) {
        if (state == State.HELD && !rules.mayExtend(endNanos, nowNanos)) {
            lapse(nowNanos);
        }
    }

    private void lapse(long nowNanos) {
        state = State.BARRIER;
        lineage = rules.nextLineage(lineage, nowNanos);
        lineageSinceNanos = nowNanos;
        endNanos = Long.MIN_VALUE;
        asked.clear();
        openedAtNanos = null;
        barrierWritten = false;
        wanted = Deadline.none(bootId, lineage);
    }

    /** Whether guards know of the lapse, so that only those instances are left that the ledger knows to run. */
    public boolean barrierStands() {
        return state == State.BARRIER && barrierWritten;
    }

    /** No leased instance is left. */
    public void barrierPassed() {
        if (!barrierStands()) {
            throw new IllegalStateException("no barrier stands: " + state);
        }
        state = State.ASKING;
    }

    // ---- questions --------------------------------------------------------------------------------------------------

    /** A leader has accepted this host, with these times. */
    public void leaderFound(Duration killMargin, Duration heartbeat) {
        killMarginNanos = killMargin.toNanos();
        heartbeatNanos = heartbeat.toNanos();
        streamEnded();
    }

    /** Questions of the stream are not granted any more. */
    public void streamEnded() {
        asked.clear();
        openedAtNanos = null;
    }

    /** The next heartbeat is being sent now. */
    public Question ask(long nowNanos) {
        look(nowNanos);
        lastSequence++;
        return switch (state) {
            case BARRIER -> nothing();
            case ASKING -> mayOpen(nowNanos) ? open(nowNanos) : nothing();
            case HELD -> extend(nowNanos);
        };
    }

    private Question nothing() {
        return new Question(lastSequence, 0, false, false);
    }

    /** A question is given time to be granted: the next one has another lineage, and makes a late grant of it void. */
    private boolean mayOpen(long nowNanos) {
        return wanted == null
                && writing == null
                && (openedAtNanos == null || nowNanos - openedAtNanos >= HEARTBEATS_PER_OPENING * heartbeatNanos);
    }

    private Question open(long nowNanos) {
        lineage = rules.nextLineage(lineage, nowNanos);
        lineageSinceNanos = nowNanos;
        openedAtNanos = nowNanos;
        asked.clear();
        asked.put(lastSequence, nowNanos);
        return new Question(lastSequence, lineage, true, false);
    }

    private Question extend(long nowNanos) {
        asked.put(lastSequence, nowNanos);
        if (asked.size() > QUESTIONS_MAX) {
            asked.pollFirstEntry();
        }
        return new Question(lastSequence, lineage, false, mayLastUntilThaw());
    }

    private boolean mayLastUntilThaw() {
        return endNanos == FOREVER || fileMaySayThaw || (wanted != null && wanted.isThaw());
    }

    // ---- answers ----------------------------------------------------------------------------------------------------

    /**
     * The leader has granted.
     *
     * @param highestEpoch the highest epoch that this host has seen
     */
    public Verdict granted(LeaseGrant grant, long highestEpoch, long nowNanos) {
        if (!grant.getBootId().equals(bootId)) {
            return Verdict.OTHER_BOOT;
        }
        if (grant.getEpoch() != highestEpoch) {
            return Verdict.OTHER_EPOCH;
        }
        if (lapsesBeforeItIsExtended(nowNanos)) {
            return Verdict.LAPSED;
        }
        if (grant.getLineage() != lineage) {
            return Verdict.OTHER_LINEAGE;
        }
        Long askedAtNanos = asked.get(grant.getSequence());
        if (askedAtNanos == null) {
            return Verdict.NO_SUCH_QUESTION;
        }
        long leaseNanos = Duration.ofMillis(grant.getLeaseMillis()).toNanos();
        long end = rules.leaseEnd(askedAtNanos, nowNanos, leaseNanos);
        if (end <= nowNanos) {
            return Verdict.TOO_LATE;
        }
        asked.headMap(grant.getSequence(), true).clear();
        grantedAtNanos = nowNanos;
        want(grant.getUntilThaw() ? Deadline.thaw(bootId, lineage) : Deadline.at(bootId, lineage, end));
        return Verdict.TAKEN;
    }

    /**
     * All members of the controller set have said that they do not lead.
     *
     * @param askedAtNanos before the first of them was asked
     * @param askedLineage lineage that was held then
     * @param lease how long the host may go on after that
     * @return whether that extends the lease
     */
    public boolean confirmed(long askedAtNanos, long askedLineage, Duration lease, long nowNanos) {
        if (state != State.HELD
                || lapsesBeforeItIsExtended(nowNanos)
                || askedLineage != lineage
                || mayLastUntilThaw()) {
            return false;
        }
        long end = rules.leaseEnd(askedAtNanos, nowNanos, lease.toNanos());
        if (end <= nowNanos) {
            return false;
        }
        want(Deadline.at(bootId, lineage, end));
        return true;
    }

    /** Whether there is nothing to extend: the lease has lapsed, now or before. */
    private boolean lapsesBeforeItIsExtended(long nowNanos) {
        look(nowNanos);
        return state == State.BARRIER;
    }

    /** Ends of one lineage only grow, but for the end of a freeze. */
    private void want(Deadline next) {
        long newest = wanted != null ? endOf(wanted.end()) : writing != null ? endOf(writing.end()) : endNanos;
        long end = endOf(next.end());
        if (end > newest || (newest == FOREVER && end != FOREVER)) {
            wanted = next;
        }
    }

    // ---- the deadline file ------------------------------------------------------------------------------------------

    /** What is to be written now; empty if nothing is, or while a write is under way. */
    public Optional<Deadline> nextWrite() {
        if (writing != null || wanted == null) {
            return Optional.empty();
        }
        writing = wanted;
        wanted = null;
        fileMaySayThaw |= writing.isThaw();
        return Optional.of(writing);
    }

    /** The write under way has failed; what is to be written is written again, unless something newer is. */
    public void notWritten() {
        if (wanted == null && writing != null && writing.lineage() == lineage) {
            wanted = writing;
        }
        writing = null;
    }

    /** The file says what was to be written. */
    public void written(long nowNanos) {
        Deadline now = writing;
        writing = null;
        if (now == null) {
            throw new IllegalStateException("nothing was being written");
        }
        fileMaySayThaw = now.isThaw();
        if (now.lineage() != lineage) {
            return;
        }
        switch (state) {
            case BARRIER -> barrierWritten = now.end() instanceof End.None;
            case ASKING -> {
                long end = endOf(now.end());
                if (nowNanos < end) {
                    state = State.HELD;
                    endNanos = end;
                    openedAtNanos = null;
                }
            }
            case HELD -> {
                if (!lapsesBeforeItIsExtended(nowNanos)) {
                    endNanos = endOf(now.end());
                }
            }
        }
    }
}
