package io.kelpie.it.simulation;

import io.kelpie.proto.v1.ConnectResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is sent to one agent: starts, to be delivered again by the stream that it has then (no gRPC stream does that; hosts
 * are to be safe without relying on it), and the moment at which a grant is on its way.
 */
final class Repeats {
    private final List<ConnectResponse> starts = new ArrayList<>();
    private boolean records;
    private Runnable whenGranted = () -> {};
    private @Nullable SimConnection present;

    /** From now on starts are kept; those kept before are not delivered any more. */
    void record() {
        starts.clear();
        records = true;
    }

    void stop() {
        records = false;
        starts.clear();
    }

    /** Does this once, when the next grant has been sent and has not arrived. */
    void whenGranted(Runnable once) {
        whenGranted = once;
    }

    void sent(ConnectResponse message) {
        if (message.hasLeaseGrant()) {
            Runnable once = whenGranted;
            whenGranted = () -> {};
            once.run();
        }
        if (records && message.getCommand().hasStart()) {
            starts.add(message);
        }
    }

    /** The agent is about to obey the controller at the other end. */
    void welcomed(SimConnection connection) {
        present = connection;
    }

    /** Delivers all that was kept, by the present connection if it is open. */
    void deliver() {
        SimConnection to = present;
        if (to != null) {
            starts.forEach(to::again);
        }
    }
}
