package io.kelpie.controller.trust;

import java.util.Optional;
import java.util.UUID;

/** Pins of a controller without a disk; for tests and simulations, which may hand one to the controller's next life. */
public final class MemoryClusterPins implements ClusterPins {
    private volatile Optional<ClusterPin> pin = Optional.empty();

    @Override
    public Optional<ClusterPin> get() {
        return pin;
    }

    @Override
    public synchronized void raise(UUID cluster, long epoch) {
        PinChange.raised(pin, cluster, epoch).ifPresent(this::replace);
    }

    @Override
    public synchronized void replace(ClusterPin next) {
        pin = Optional.of(next);
    }
}
