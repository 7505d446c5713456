package io.kelpie.agent.instance;

import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.InstanceReport;

/** One stream to the leader, as the instances see it. Called on the loop; never blocks. */
public interface ControllerSink {
    /** Answers a command that came by this stream. */
    void ack(CommandAck ack);

    /** Tells the state of an instance; a later report of the same instance makes this one needless. */
    void report(InstanceReport report);
}
