package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.lease.Grantee;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Pool;
import java.util.List;

/** One stream of an agent, as the control thread sees it. Thread-safe; no method blocks. */
public interface AgentSession extends Grantee {
    /** Queues a message. A session whose reader is too slow closes itself; the agent then connects anew. */
    @Override
    void send(ConnectResponse message);

    /** Ends the stream with an error. */
    void close(KelpieException reason);

    /** Monotonic nanoseconds of the last message from the agent. */
    long lastHeardNanos();

    /** Takes the reports that have come since the last call: the latest one per instance, in order of arrival. */
    List<InstanceReport> takeReports();

    /** Pools as of the last heartbeat; empty before the first. */
    List<Pool> pools();

    /** SHA-256 digests of the images in the host's cache, as of the last heartbeat that told of them. */
    default List<String> cachedImages() {
        return List.of();
    }
}
