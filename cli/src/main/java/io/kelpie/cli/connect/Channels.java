package io.kelpie.cli.connect;

import io.grpc.ManagedChannel;

/** Opens channels to controllers. */
@FunctionalInterface
public interface Channels {
    /** A channel that connects when it is first used. The caller shuts it down. */
    ManagedChannel open(ControllerAddress address);
}
