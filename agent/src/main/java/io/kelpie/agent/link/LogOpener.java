package io.kelpie.agent.link;

import io.kelpie.proto.v1.OpenLog;
import java.util.function.Function;

/** Answers a leader that asks for a log. */
public interface LogOpener {
    /**
     * Begins to upload the log; does not block.
     *
     * @param call begins the call that carries it; called at most once
     */
    void open(OpenLog request, Function<Transport.LogListener, Transport.LogCall> call);
}
