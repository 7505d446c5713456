package io.kelpie.agent.server;

import io.kelpie.agent.instance.AgentLoop;
import io.kelpie.agent.instance.Outcome;
import io.kelpie.agent.instance.Workers;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** Workers as threads of a pool that never makes a job wait for another. Jobs that come after its end are dropped. */
final class ThreadWorkers implements Workers {
    private final ExecutorService executor;
    private final AgentLoop loop;

    /** @param executor starts a thread for each job that none is free for */
    ThreadWorkers(ExecutorService executor, AgentLoop loop) {
        this.executor = executor;
        this.loop = loop;
    }

    @Override
    public <T> void submit(String name, Callable<T> job, Consumer<Outcome<T>> then) {
        try {
            executor.execute(() -> {
                Thread thread = Thread.currentThread();
                String idleName = thread.getName();
                thread.setName(idleName + ": " + name);
                Outcome<T> outcome = Outcome.of(job);
                thread.setName(idleName);
                loop.execute(() -> then.accept(outcome));
            });
        } catch (RejectedExecutionException e) {
            // The agent ends.
        }
    }
}
