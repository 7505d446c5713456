package io.kelpie.agent.instance;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The one thread that owns the agent's decisions. Tasks run one after the other in the order in which they came, and
 * must not block. Both methods may be called from any thread.
 */
public interface AgentLoop extends Executor {
    /** A task that will run later, unless it is cancelled before. */
    interface Timer {
        void cancel();
    }

    @Override
    void execute(Runnable task);

    /** Runs the task once, after the delay. */
    Timer schedule(Duration delay, Runnable task);
}
