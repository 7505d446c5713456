package io.kelpie.controller.leadership;

import io.kelpie.controller.trust.ReadOnly;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Takes part in the election of one leader. A controller stands only while the committed set of controllers, as it has
 * read it, says that it may lead; and no term begins but by a write that is refused if that set has changed. A leader
 * that reads a set without itself ends its term. Implementations are thread-safe.
 */
public interface Leadership extends AutoCloseable {
    /** Told of each change; calls come one at a time, on a thread of the implementation, and must not block. */
    interface Listener {
        /** This controller leads from now on, until it resigns or a commit answers TERM_ENDED. */
        void termBegan(LeaderTerm term);

        /**
         * Nothing more may be done under the term: the session has ended, another controller leads, or this one has
         * resigned or stopped. Comes exactly once for every term that began, also for a term that its own controller
         * resigned, and always before the next {@link #termBegan}.
         */
        void termEnded(LeaderTerm term);
    }

    /** Begins to stand for election. Called once. Does not wait for a connection. */
    void start(Listener listener);

    /** Gives the term up, if it is still the present one, and stands again behind the others. Returns at once. */
    void resign(LeaderTerm term);

    /** Address (host:port) of the controller that began the last term, if any; may be out of date. */
    Optional<String> leaderAddress();

    /** Epoch of the last term that this controller knows of, its own or another's; 0: none. May be out of date. */
    long lastEpoch();

    /**
     * Why this controller neither leads nor writes anything, although a store answers; empty while there is no such
     * reason. It ends by itself when the right store is back, or by an operator's word.
     */
    Optional<ReadOnly> readOnly();

    /**
     * Gives the term up because hosts know better than the store: a host of this cluster has seen a higher epoch, or a
     * host of the store belongs to another cluster. The caller must have proved that the term still stood after it was
     * told so; else it is only a later leader that the host has seen. Returns at once.
     *
     * @param seenEpoch the epoch that the host has seen of this cluster, remembered on disk; 0 if it is about another
     */
    void distrust(LeaderTerm term, ReadOnly why, long seenEpoch);

    /** A host of a cluster has seen this epoch: what is restored or accepted later goes on above it. Does not block. */
    void noteSeen(UUID cluster, long epoch);

    /**
     * An operator's word that the present store is the one to go on with.
     *
     * @return completes exceptionally with a {@code KelpieException} if there is nothing to accept, or it cannot be done
     */
    CompletableFuture<Accepted> acceptStore();

    /** A store that was accepted: the cluster that this controller belongs to now, and the epoch that its terms follow. */
    record Accepted(UUID cluster, long epoch) {}

    /** Stands for election no more: ends the term, if there is one, and makes way for the next leader. */
    @Override
    void close();
}
