package io.kelpie.agent.instance;

/** Sees the host's lease, for metrics. Called on the loop; never blocks. */
public interface LeaseObserver {
    /** Whether the host holds a lease. */
    void held(boolean held);

    /** The lease has lapsed, so that leased instances are ended. */
    void lapsed();
}
