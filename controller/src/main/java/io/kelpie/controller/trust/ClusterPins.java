package io.kelpie.controller.trust;

import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/** A controller's pin. Thread-safe. {@link #get} does not block; the others may block on a disk. */
public interface ClusterPins {
    /** The pin; empty if this controller has never belonged to a cluster. */
    Optional<ClusterPin> get();

    /**
     * Remembers the cluster and an epoch of it; an epoch that is not above the present one changes nothing.
     *
     * @throws IOException if it cannot be kept; the pin is as before then
     * @throws IllegalStateException if the pin names another cluster
     */
    void raise(UUID cluster, long epoch) throws IOException;

    /** Replaces the pin by the operator's word, whatever it was. */
    void replace(ClusterPin pin) throws IOException;
}
