package io.kelpie.controller.lease;

import io.kelpie.proto.v1.ConnectResponse;

/** One stream of a host, as grants see it. Equal only to itself. Thread-safe; no method blocks. */
public interface Grantee {
    /** Queues a message. */
    void send(ConnectResponse message);
}
