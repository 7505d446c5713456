package io.kelpie.controller.trust;

import java.util.Optional;
import java.util.UUID;

/** What raising a pin comes to, wherever it is kept. */
final class PinChange {
    private PinChange() {}

    /** The pin to keep instead; empty if nothing changes. */
    static Optional<ClusterPin> raised(Optional<ClusterPin> present, UUID cluster, long epoch) {
        if (present.isEmpty()) {
            return Optional.of(new ClusterPin(cluster, epoch));
        }
        if (!present.get().cluster().equals(cluster)) {
            throw new IllegalStateException(
                    "this controller belongs to cluster " + present.get().cluster() + ", not to " + cluster);
        }
        return epoch > present.get().epoch() ? Optional.of(new ClusterPin(cluster, epoch)) : Optional.empty();
    }
}
