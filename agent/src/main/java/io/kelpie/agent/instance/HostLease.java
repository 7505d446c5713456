package io.kelpie.agent.instance;

import io.kelpie.agent.driver.LeaseBond;
import io.kelpie.agent.fencing.BootClock;
import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.DeadlineFile;
import io.kelpie.agent.fencing.Lease;
import io.kelpie.agent.fencing.Lease.Held;
import io.kelpie.agent.fencing.Lease.State;
import io.kelpie.agent.fencing.LeaseRules;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.proto.v1.LeaseGrant;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's lease at work: the {@link Lease} with a clock, the deadline file and the barrier. A lease that lapses is
 * asked for anew only after the guards can read that there is none, and after the last leased instance has ended.
 *
 * <p>Belongs to the loop, but for {@link #lasts}. Writing the deadline file goes on workers, one write at a time.
 */
public final class HostLease {
    private static final Logger LOG = LoggerFactory.getLogger(HostLease.class);

    /** The loop's clock may fire a little early by the lease's; it is not asked again and again then. */
    private static final Duration LOOK_PAUSE_MIN = Duration.ofMillis(10);

    private static final Duration WRITE_RETRY = Duration.ofMillis(250);
    private static final Duration COMPLAINT_INTERVAL = Duration.ofSeconds(30);
    private static final int STARTS_KEPT_MAX = 1_000;

    /**
     * What the lease works with.
     *
     * @param clock the clock that the guards read too
     * @param file the host's deadline file; its path is told to drivers and has to be absolute
     * @param bootId the kernel's boot id
     */
    public record Surroundings(
            AgentLoop loop,
            Workers workers,
            BootClock clock,
            LeaseRules rules,
            DeadlineFile file,
            String bootId,
            LeaseObserver observer) {}

    private final Surroundings with;
    private final Lease lease;

    /** Before the instances are known, the barrier is not passed. */
    private @Nullable LeasedInstances instances;

    private @Nullable Duration grantedLength;
    private boolean ending;
    private boolean heldBefore;
    private final List<Runnable> starts = new ArrayList<>();
    private AgentLoop.Timer lapse = () -> {};
    private long watchedEndNanos = Lease.FOREVER;
    private long complainedAtNanos = Long.MIN_VALUE;
    private volatile Optional<Held> held = Optional.empty();
    private volatile Duration killMargin = LeaseTimes.DEFAULT.killMargin();

    private HostLease(Surroundings with, Optional<Deadline> found) {
        this.with = with;
        this.lease = new Lease(with.rules(), with.bootId(), found, with.clock().nanos());
        this.held = lease.held();
    }

    /**
     * Reads the deadline file, and goes on with the lease that it tells if that lasts. Blocks; called before the loop
     * runs.
     */
    public static HostLease open(Surroundings with) throws IOException {
        return new HostLease(with, with.file().read());
    }

    /** The instances of the ledger are known. */
    void start(LeasedInstances leased) {
        instances = leased;
        LOG.info(
                lease.state() == State.HELD
                        ? "goes on with the lease of lineage {}"
                        : "no lease lasts: leased instances are ended before one is asked for (lineage {})",
                lease.lineage());
        settle();
    }

    // ---- for the instances ------------------------------------------------------------------------------------------

    /** Whether a leased instance may be started now by a command that names this lineage. */
    boolean mayStart(long lineage) {
        boolean may = lease.mayStart(lineage, with.clock().nanos());
        settle();
        return may;
    }

    /**
     * A start may not be done now; this keeps it until the deadline file tells what was granted, since a leader that has
     * granted a lease sends at once what it wants started.
     *
     * @return false if nothing was granted that would allow it; it is not kept then
     */
    boolean startsOnceWritten(long lineage, Runnable start) {
        boolean kept = lease.isBeingWritten(lineage) && starts.size() < STARTS_KEPT_MAX;
        if (kept) {
            starts.add(start);
        }
        return kept;
    }

    /** {@link #mayStart} for any thread: for the last look before a hypervisor is started. */
    boolean lasts(long lineage) {
        Optional<Held> now = held;
        return now.isPresent()
                && with.rules()
                        .mayStart(
                                lineage,
                                now.get().lineage(),
                                now.get().endNanos(),
                                with.clock().nanos(),
                                killMargin.toNanos());
    }

    LeaseBond bond(long lineage) {
        return new LeaseBond(with.file().path(), lineage);
    }

    /** How long the present lineage lasts already. */
    Duration lineageAge() {
        return Duration.ofNanos(Math.max(0, with.clock().nanos() - lease.lineageSinceNanos()));
    }

    /** A leased instance has ended. */
    void leasedEnded() {
        settle();
    }

    // ---- for the link -----------------------------------------------------------------------------------------------

    /** A leader has accepted this host, with these times. */
    public void leaderFound(Duration margin, Duration heartbeat) {
        killMargin = margin;
        lease.leaderFound(margin, heartbeat);
        settle();
    }

    /** What was asked by the present stream is not granted any more. */
    public void streamEnded() {
        lease.streamEnded();
    }

    /** What the heartbeat says that is sent right after this call. */
    public Lease.Question ask() {
        Lease.Question question = lease.ask(with.clock().nanos());
        settle();
        return question;
    }

    /** The lineage that is held; 0 if none is. */
    public long heldLineage() {
        return lease.held().map(Held::lineage).orElse(0L);
    }

    /** The leader of the present stream has granted; {@code highestEpoch} is the highest that this host has seen. */
    public void granted(LeaseGrant grant, long highestEpoch) {
        Lease.Verdict verdict = lease.granted(grant, highestEpoch, with.clock().nanos());
        if (verdict != Lease.Verdict.TAKEN) {
            LOG.info("dropped a grant of epoch {}, lineage {}: {}", grant.getEpoch(), grant.getLineage(), verdict);
        } else {
            grantedLength = Duration.ofMillis(grant.getLeaseMillis());
        }
        settle();
    }

    /** Whether controllers are to be asked if they lead. */
    public boolean wantsConfirmation(boolean hasLeader) {
        long now = with.clock().nanos();
        lease.look(now);
        settle();
        return lease.wantsConfirmation(hasLeader, now);
    }

    /** The instant before the controllers are asked whether they lead. */
    public long confirmationBegins() {
        return with.clock().nanos();
    }

    /** All controllers have said that they do not lead; see {@link Lease#confirmed}. */
    public boolean confirmed(long askedAtNanos, long askedLineage, Duration length) {
        boolean extended =
                lease.confirmed(askedAtNanos, askedLineage, length, with.clock().nanos());
        settle();
        return extended;
    }

    /** How long the last grant was; empty if this process has got none. */
    public Optional<Duration> grantedLength() {
        return Optional.ofNullable(grantedLength);
    }

    public LeaseRules rules() {
        return with.rules();
    }

    // ---- what follows -----------------------------------------------------------------------------------------------

    /** Does what the present state demands; changes nothing if that is done or under way. */
    private void settle() {
        held = lease.held();
        observe();
        write();
        if (lease.state() == State.BARRIER) {
            endInstances();
        } else {
            ending = false;
        }
    }

    private void observe() {
        boolean now = held.isPresent();
        if (now != heldBefore) {
            heldBefore = now;
            with.observer().held(now);
            if (now) {
                LOG.info("holds the lease of lineage {}", lease.lineage());
            }
        }
        long end = held.map(Held::endNanos).orElse(Lease.FOREVER);
        if (end != watchedEndNanos) {
            watchedEndNanos = end;
            lapse.cancel();
            if (end != Lease.FOREVER) {
                long left = end - with.clock().nanos();
                lapse = with.loop().schedule(Duration.ofNanos(Math.max(LOOK_PAUSE_MIN.toNanos(), left)), this::look);
            }
        }
    }

    /** The loop's clock is another one than the lease's, so the lease may last when its timer fires. */
    private void look() {
        watchedEndNanos = Lease.FOREVER;
        lease.look(with.clock().nanos());
        settle();
    }

    private void endInstances() {
        LeasedInstances leased = instances;
        if (leased == null) {
            return;
        }
        if (!ending) {
            ending = true;
            with.observer().lapsed();
            if (leased.left() > 0) {
                LOG.warn("the lease has ended: {} leased instances are ended", leased.left());
            }
            starts.clear();
            leased.end();
        }
        if (lease.barrierStands() && with.rules().mayAsk(leased.left())) {
            LOG.info("no leased instance is left; a new lease is asked for");
            lease.barrierPassed();
            ending = false;
        }
    }

    private void write() {
        lease.nextWrite()
                .ifPresent(deadline -> with.workers()
                        .submit(
                                "write the deadline",
                                () -> {
                                    with.file().write(deadline);
                                    return true;
                                },
                                outcome -> outcome.handle(done -> written(), this::notWritten)));
    }

    private void written() {
        lease.written(with.clock().nanos());
        settle();
        startKept();
    }

    private void startKept() {
        List<Runnable> kept = List.copyOf(starts);
        starts.clear();
        kept.forEach(Runnable::run);
    }

    private void notWritten(Exception failure) {
        lease.notWritten();
        long now = with.clock().nanos();
        if (complainedAtNanos == Long.MIN_VALUE || now - complainedAtNanos > COMPLAINT_INTERVAL.toNanos()) {
            complainedAtNanos = now;
            LOG.error(
                    "cannot write {}, so no grant lengthens the lease and leased instances end with it. Fix: make room "
                            + "on the file system of runFolder and make it writable",
                    with.file().path(),
                    failure);
        }
        with.loop().schedule(WRITE_RETRY, this::look);
    }
}
