package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.libvirt.LibvirtException;

/**
 * Makes calls that nothing can interrupt, on a bounded number of threads, and waits for each no longer than its
 * deadline. A call that hangs keeps its thread until it returns; one that waits for a thread beyond its deadline is
 * never made. Safe for use by several threads.
 */
final class BoundedCalls implements AutoCloseable {
    private static final int MAX_WAITING = 1024;

    private final ThreadPoolExecutor threads;

    BoundedCalls(String name, int maxThreads) {
        AtomicInteger number = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                maxThreads, maxThreads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING), task -> {
                    Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * The result of the call.
     *
     * @param what the call's name, for the error's message
     * @param afterwards run once: when the call has returned, however late, or when it is sure that it is never made
     * @throws LibvirtException as the call
     * @throws DriverException as the call, or if there is no result when the deadline has passed
     */
    <T> T call(String what, Duration deadline, Runnable afterwards, Callable<T> call)
            throws LibvirtException, DriverException {
        AtomicBoolean claimed = new AtomicBoolean(); // by the call when it begins, or by its caller on giving up
        Callable<T> claiming = () -> {
            if (!claimed.compareAndSet(false, true)) {
                throw new DriverException("libvirt: " + what + " was given up");
            }
            try {
                return call.call();
            } finally {
                afterwards.run();
            }
        };
        try {
            return threads.submit(claiming).get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LibvirtException cause) {
                throw cause;
            }
            if (e.getCause() instanceof DriverException cause) {
                throw cause;
            }
            throw new IllegalStateException("libvirt: " + what + " failed", e.getCause());
        } catch (TimeoutException | RejectedExecutionException | InterruptedException e) {
            boolean never = claimed.compareAndSet(false, true);
            if (never) {
                afterwards.run();
            }
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new DriverException(
                    never
                            ? "libvirt: " + what + " was not tried: too many calls wait for libvirtd"
                            : "libvirt: " + what + " had no answer within " + deadline.toMillis() + " ms",
                    "",
                    e);
        }
    }

    /** Takes no further calls; those under way end by themselves. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
