package io.kelpie.controller.leadership;

import java.util.Optional;

/** Takes part in the election of one leader. Implementations are thread-safe. */
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

    /** Stands for election no more: ends the term, if there is one, and makes way for the next leader. */
    @Override
    void close();
}
