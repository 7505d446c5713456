package io.kelpie.controller.leadership;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.trust.UnseenNumbers;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The election among the controllers of a {@link MemoryCluster}; for tests and simulations. The listener is told through
 * the executor.
 */
public final class MemoryLeadership implements Leadership {
    private final MemoryCluster cluster;
    private final ControllerSetView controllers;
    private final Executor executor;
    private final MemoryCluster.Candidate candidate = new Standing();

    // Guarded by this.
    private @Nullable Listener listener;
    private @Nullable LeaderTerm term;
    private boolean standing;
    private boolean closed;
    private boolean connected = true;
    private boolean expired;
    private boolean turnMissed;
    private Optional<MemoryCluster.Term> termBeforeCut = Optional.empty();
    private Optional<ReadOnly> readOnly = Optional.empty();
    private long seen;

    /** A leadership that tells its listener within the call that changes the election. */
    public MemoryLeadership(MemoryCluster cluster, ControllerSetView controllers) {
        this(cluster, controllers, Runnable::run);
    }

    /** A leadership that tells its listener through an executor, which must run its tasks in their order. */
    public MemoryLeadership(MemoryCluster cluster, ControllerSetView controllers, Executor executor) {
        this.cluster = cluster;
        this.controllers = controllers;
        this.executor = executor;
    }

    @Override
    public void start(Listener newListener) {
        synchronized (this) {
            listener = newListener;
        }
        controllers.onChange(this::reconsider);
        reconsider();
    }

    /** Stands while it trusts the store and the set of controllers, as far as it has read it, lets it lead. */
    private void reconsider() {
        boolean may = controllers
                .entry()
                .filter(entry -> !(entry instanceof ControllerSet.Entry.Refused))
                .isPresent();
        boolean changed;
        boolean stands;
        synchronized (this) {
            stands = may && readOnly.isEmpty();
            changed = !closed && stands != standing;
            standing = stands;
        }
        if (changed && stands) {
            cluster.stand(candidate);
        } else if (changed) {
            endTerm();
            cluster.withdraw(candidate);
        }
    }

    /** Ends this controller's session: its term ends, and it stands again, behind the others. */
    public void loseSession() {
        cluster.endSession(candidate);
        standAgain();
    }

    /**
     * Cuts or heals the connection. While it is cut nothing is said to the election or heard of it: a turn to lead waits,
     * a resignation is known to this controller alone, and so is the end of its session ({@link #expire}) to the others.
     */
    public void setConnected(boolean nowConnected) {
        boolean rejoin;
        boolean turn;
        synchronized (this) {
            if (connected && !expired && !nowConnected) {
                termBeforeCut = cluster.term();
            }
            connected = nowConnected;
            rejoin = nowConnected && expired;
            turn = nowConnected && turnMissed && !expired;
            if (nowConnected) {
                expired = false;
                turnMissed = false;
            }
        }
        if (rejoin) {
            endTerm();
            cluster.withdraw(candidate);
            standAgain();
        } else if (turn) {
            beginTerm();
        }
    }

    /** The session has ended while the connection was cut: the next in the line may lead, and this one does not know. */
    public void expire() {
        synchronized (this) {
            if (connected && !expired) {
                termBeforeCut = cluster.term();
            }
            expired = true;
            turnMissed = false;
        }
        cluster.withdraw(candidate);
    }

    /** The present term's controller goes on without being told, while this one begins the next term: a split view. */
    public void usurp() {
        candidate.mayLead();
    }

    @Override
    public void resign(LeaderTerm resigned) {
        synchronized (this) {
            if (term != resigned) {
                return;
            }
        }
        endTerm();
        synchronized (this) {
            if (!connected) {
                expired = true;
                return;
            }
        }
        cluster.withdraw(candidate);
        standAgain();
    }

    @Override
    public Optional<String> leaderAddress() {
        return termRead().map(MemoryCluster.Term::address);
    }

    @Override
    public long lastEpoch() {
        return termRead().map(MemoryCluster.Term::epoch).orElse(0L);
    }

    /** Of a later term nobody tells a controller that is cut off, or that goes on after its session has expired. */
    private synchronized Optional<MemoryCluster.Term> termRead() {
        return connected && !expired ? cluster.term() : termBeforeCut;
    }

    @Override
    public synchronized Optional<ReadOnly> readOnly() {
        return readOnly;
    }

    @Override
    public void distrust(LeaderTerm distrusted, ReadOnly why, long seenEpoch) {
        synchronized (this) {
            if (term != distrusted) {
                return;
            }
            readOnly = Optional.of(why);
        }
        reconsider();
    }

    @Override
    public synchronized void noteSeen(UUID clusterId, long epoch) {
        seen = Math.max(seen, epoch);
    }

    /** Stands again, in a term above whatever was begun before; the records are marked as possibly old. */
    @Override
    public CompletableFuture<Accepted> acceptStore() {
        synchronized (this) {
            if (readOnly.isEmpty()) {
                return CompletableFuture.failedFuture(new KelpieException(
                        ErrorReason.ERROR_REASON_WRONG_STATE,
                        "this controller already trusts its store",
                        "nothing needs to be done"));
            }
            readOnly = Optional.empty();
        }
        long epoch = UnseenNumbers.epochAbove(
                cluster.term().map(MemoryCluster.Term::epoch).orElse(0L), seen);
        Accepted accepted = new Accepted(cluster.accept(epoch), epoch);
        reconsider();
        return CompletableFuture.completedFuture(accepted);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        endTerm();
        cluster.withdraw(candidate);
    }

    private void standAgain() {
        synchronized (this) {
            standing = false;
        }
        reconsider();
    }

    private synchronized void endTerm() {
        LeaderTerm ended = term;
        Listener told = listener;
        term = null;
        if (ended != null && told != null) {
            executor.execute(() -> told.termEnded(ended));
        }
    }

    private synchronized void beginTerm() {
        Listener told = listener;
        if (closed || told == null) {
            return;
        }
        if (!connected) {
            turnMissed = true;
            return;
        }
        endTerm();
        Optional<MemoryCluster.Term> begun = cluster.beginTerm(controllers.self());
        if (begun.isEmpty()) {
            // The set has changed and this controller has not read it yet: when it has, it stands again, or not.
            standing = false;
            cluster.withdraw(candidate);
            return;
        }
        LeaderTerm next = new LeaderTerm(begun.get().epoch(), begun.get().fence());
        term = next;
        executor.execute(() -> told.termBegan(next));
    }

    /** This controller's place in the line. */
    private final class Standing implements MemoryCluster.Candidate {
        @Override
        public void mayLead() {
            beginTerm();
        }

        @Override
        public void sessionEnded() {
            endTerm();
        }
    }
}
