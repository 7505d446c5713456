package io.kelpie.agent.instance;

import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** Where everything runs that may block. One job never waits for another. */
public interface Workers {
    /**
     * Runs the job away from the loop, and then {@code then} with its outcome on the loop.
     *
     * @param name says in thread dumps and logs what the job does
     */
    <T> void submit(String name, Callable<T> job, Consumer<Outcome<T>> then);
}
