package io.kelpie.controller.store.memory;

import io.kelpie.controller.model.Seat;
import io.kelpie.controller.store.ControllerSetStore;
import io.kelpie.controller.store.ControllersRead;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One controller's view of a {@link MemoryCluster}'s controller set. Nothing is told but by {@link #refresh}, within the
 * call, so that a test or a simulation decides when a change is seen. Thread-safe.
 */
public final class MemoryControllerSetStore implements ControllerSetStore {
    private final MemoryCluster cluster;

    // Guarded by this.
    private @Nullable Consumer<ControllersRead> reader;
    private @Nullable ControllersRead told;
    private boolean connected = true;

    public MemoryControllerSetStore(MemoryCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public synchronized void follow(Consumer<ControllersRead> newReader) {
        reader = newReader;
    }

    /** Cuts or heals the connection. While it is cut nothing is told and nothing acknowledged. */
    public synchronized void setConnected(boolean nowConnected) {
        connected = nowConnected;
        told = null;
    }

    /** Tells the reader what the cluster holds, if it has not been told yet, until there is no more to tell. */
    public void refresh() {
        for (Runnable telling = next(); telling != null; telling = next()) {
            telling.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        Consumer<ControllersRead> present = reader;
        ControllersRead read = cluster.controllers();
        if (!connected || present == null || read.equals(told)) {
            return null;
        }
        told = read;
        return () -> present.accept(read);
    }

    @Override
    public synchronized void acknowledge(String controllerId, long version) {
        if (connected) {
            cluster.acknowledge(controllerId, version);
        }
    }

    @Override
    public synchronized void takeSeat(String controllerId, Seat seat, long since) {
        if (connected) {
            cluster.takeSeat(controllerId, seat, since);
        }
    }

    @Override
    public synchronized void close() {
        connected = false;
        reader = null;
    }
}
