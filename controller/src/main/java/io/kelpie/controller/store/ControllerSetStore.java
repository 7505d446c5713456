package io.kelpie.controller.store;

import io.kelpie.controller.model.Seat;
import java.util.function.Consumer;

/**
 * The committed set of controllers as every controller follows it, leading or not. Implementations are thread-safe and
 * hold one contract ({@code ControllerSetStoreContract}). The set itself is written under a term, through
 * {@link ClusterStore}; only the acknowledgements are written here, by each member for itself.
 */
public interface ControllerSetStore extends AutoCloseable {
    /**
     * Begins to follow the set. Called once. Does not wait for a connection.
     *
     * @param reader told what the store holds, as of some instant after this call, and again after each change; changes
     *     that follow each other closely may be told as one. While there is no connection it is told nothing, and
     *     afterwards what changed meanwhile. Calls come one at a time, on a thread of the implementation, and must not
     *     block
     */
    void follow(Consumer<ControllersRead> reader);

    /**
     * Notes in the store that a controller has read a version of the set, if a lower one or none was noted. Returns at
     * once. May fail in silence: as long as the reader is told a lower version, it has to be repeated.
     */
    void acknowledge(String controllerId, long version);

    /**
     * Notes in the store who a controller is, if nobody is noted, or somebody under a version of the set before the given
     * one. Returns at once. May fail in silence: as long as the reader is told otherwise, it has to be repeated.
     *
     * @param since version of the set by which the controller became a member
     */
    void takeSeat(String controllerId, Seat seat, long since);

    /** Ends what is under way. The store stays. */
    @Override
    void close();
}
