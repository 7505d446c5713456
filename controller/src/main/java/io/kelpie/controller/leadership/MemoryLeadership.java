package io.kelpie.controller.leadership;

import io.kelpie.controller.store.memory.MemoryCluster;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The election among the controllers of a {@link MemoryCluster}; for tests and simulations. The listener is told through
 * the executor.
 */
public final class MemoryLeadership implements Leadership {
    private final MemoryCluster cluster;
    private final String controllerId;
    private final String address;
    private final Executor executor;
    private final MemoryCluster.Candidate candidate = new Standing();

    // Guarded by this.
    private @Nullable Listener listener;
    private @Nullable LeaderTerm term;
    private boolean closed;

    /** A leadership that tells its listener within the call that changes the election. */
    public MemoryLeadership(MemoryCluster cluster, String controllerId, String address) {
        this(cluster, controllerId, address, Runnable::run);
    }

    /** A leadership that tells its listener through an executor, which must run its tasks in their order. */
    public MemoryLeadership(MemoryCluster cluster, String controllerId, String address, Executor executor) {
        this.cluster = cluster;
        this.controllerId = controllerId;
        this.address = address;
        this.executor = executor;
    }

    @Override
    public void start(Listener newListener) {
        synchronized (this) {
            listener = newListener;
        }
        cluster.stand(candidate);
    }

    /** Ends this controller's session: its term ends, and it stands again, behind the others. */
    public void loseSession() {
        cluster.endSession(candidate);
        standAgain();
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
        cluster.withdraw(candidate);
        standAgain();
    }

    @Override
    public Optional<String> leaderAddress() {
        return cluster.term().map(MemoryCluster.Term::address);
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
            if (closed) {
                return;
            }
        }
        cluster.stand(candidate);
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
        endTerm();
        MemoryCluster.Term begun = cluster.beginTerm(controllerId, address);
        LeaderTerm next = new LeaderTerm(begun.epoch(), begun.fence());
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
