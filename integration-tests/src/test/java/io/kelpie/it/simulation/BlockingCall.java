package io.kelpie.it.simulation;

import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A job of production code that blocks in the middle, as drivers do. It has a stack of its own, but never runs beside
 * anything else: either it runs or the simulation does, and only the simulation decides when it goes on.
 */
final class BlockingCall<T> {
    /** Unwinds a job whose process has died. */
    private static final class Abandoned extends Error {
        private static final long serialVersionUID = 1;

        Abandoned() {
            super("abandoned", null, false, false);
        }
    }

    private static final ThreadLocal<BlockingCall<?>> CURRENT = new ThreadLocal<>();

    /** Stacks to run on; one that a job has left serves the next. */
    private static final Executor THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "blocking call");
        thread.setDaemon(true);
        return thread;
    });

    private final Semaphore mayRun = new Semaphore(0);
    private final Semaphore hasPaused = new Semaphore(0);
    private final Callable<T> job;
    private @Nullable T value;
    private @Nullable Throwable failure;
    private boolean done;
    private boolean abandoned;

    BlockingCall(Callable<T> job) {
        this.job = job;
        THREADS.execute(this::run);
    }

    private void run() {
        CURRENT.set(this);
        mayRun.acquireUninterruptibly();
        try {
            if (!abandoned) {
                value = job.call();
            }
        } catch (Abandoned e) {
            abandoned = true;
        } catch (Throwable e) {
            failure = e;
        }
        CURRENT.remove();
        done = true;
        hasPaused.release();
    }

    /** Lets the job run until it blocks or ends; true if it has ended. */
    boolean proceed() {
        mayRun.release();
        hasPaused.acquireUninterruptibly();
        return done;
    }

    /** What became of the ended job. What a checker has found is thrown. */
    void outcome(Consumer<T> onValue, Consumer<Exception> onFailure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof Exception exception) {
            onFailure.accept(exception);
            return;
        }
        @SuppressWarnings("NullAway") // a job's value is what the job made it
        T result = value;
        onValue.accept(result);
    }

    /** The process has died in the middle. */
    void abandon() {
        if (!done) {
            abandoned = true;
            proceed();
        }
    }

    /** Called by what blocks: returns when it is to look again. */
    static void pause() {
        BlockingCall<?> current = CURRENT.get();
        if (current == null) {
            throw new IllegalStateException("a call that blocks on the simulation's own thread");
        }
        current.hasPaused.release();
        current.mayRun.acquireUninterruptibly();
        if (current.abandoned) {
            throw new Abandoned();
        }
    }
}
