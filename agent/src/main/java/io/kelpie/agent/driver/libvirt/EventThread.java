package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverEvent;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that calls the driver's listener, and that decides what there is to tell it: in the order of what came. */
final class EventThread implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventThread.class);

    private final ScheduledThreadPoolExecutor dispatcher;
    private volatile Consumer<DriverEvent> listener = event -> {};

    EventThread() {
        this.dispatcher = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "kelpie-libvirt-dispatch");
            thread.setDaemon(true);
            return thread;
        });
    }

    void listener(Consumer<DriverEvent> newListener) {
        listener = newListener;
    }

    /** Runs a task after all earlier ones. */
    void run(Runnable task) {
        try {
            dispatcher.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("an event of libvirt came after the driver was closed");
        }
    }

    /** Runs a task later. */
    Future<?> runIn(Duration delay, Runnable task) {
        try {
            return dispatcher.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the driver was closed");
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Tells the listener; only on this thread. */
    void tell(DriverEvent event) {
        listener.accept(event);
    }

    @Override
    public void close() {
        dispatcher.shutdownNow();
    }
}
