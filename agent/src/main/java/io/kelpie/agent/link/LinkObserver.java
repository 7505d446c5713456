package io.kelpie.agent.link;

/** Sees the stream, for metrics. Called on the loop; must not block. */
public interface LinkObserver {
    /** Whether a leader has accepted this host. */
    void connected(boolean connected);

    /** The leader answered a heartbeat. */
    void heartbeat();
}
