package io.kelpie.agent.server;

import io.kelpie.agent.instance.AgentLoop;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop as a thread. A task that throws is a defect of the agent: nobody knows what it has left half done, so the
 * defect goes to {@code onDefect}, which ends the process. A new one finds the instances again by the ledger.
 *
 * <p>Tasks that come after {@link #close} are dropped.
 */
final class ThreadLoop implements AgentLoop, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ThreadLoop.class);

    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);

    private final ScheduledThreadPoolExecutor executor;
    private final Consumer<Throwable> onDefect;

    ThreadLoop(Consumer<Throwable> onDefect) {
        this.onDefect = onDefect;
        this.executor = new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "agent-loop"));
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        executor.setRemoveOnCancelPolicy(true);
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(() -> run(task));
        } catch (RejectedExecutionException e) {
            // It is closed.
        }
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        try {
            Future<?> future = executor.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            return () -> {};
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            onDefect.accept(e);
        }
    }

    /** Runs what has come until now, and ends the thread. */
    @Override
    public void close() {
        CountDownLatch reached = new CountDownLatch(1);
        execute(reached::countDown);
        try {
            if (!reached.await(CLOSE_WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("the loop is busy and is broken off");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdownNow();
    }
}
