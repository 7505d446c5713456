package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.Patience;
import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's connection to libvirtd: kept open, opened anew when it breaks, and the source of lifecycle events.
 *
 * <p>{@link #read Questions} that libvirtd answers from its own memory share this connection. {@link #change Calls that
 * may wait for a QEMU} get a short connection of their own each: libvirtd serves only a few calls of one connection at a
 * time, so that a handful of hung QEMUs would stop all others. All calls have deadlines; without a connection they wait
 * for one until then, which bridges a restart of libvirtd. Safe for use by several threads.
 */
final class LibvirtConnection implements AutoCloseable {
    /** What is done with a connection. */
    interface Call<T> {
        T on(NativeConnect connection) throws LibvirtException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(LibvirtConnection.class);
    private static final int READ_THREADS = 4;
    /** Below libvirtd's default of 20 workers, so that hung QEMUs do not use them up. */
    private static final int CHANGE_THREADS = 12;

    /** For an attempt where the last one failed. */
    private static final Duration ANOTHER_ATTEMPT = Duration.ofMillis(500);

    private static final long MIN_RETRY_MILLIS = 200;
    private static final long MAX_RETRY_MILLIS = 2_000;

    private final String uri;
    private final TimeSource time;
    private final Runnable onConnected;
    private final Consumer<LifecycleSignal> onLifecycle;
    private final BoundedCalls reads = new BoundedCalls("kelpie-libvirt-read", READ_THREADS);
    private final BoundedCalls changes = new BoundedCalls("kelpie-libvirt-change", CHANGE_THREADS);
    private final ScheduledThreadPoolExecutor connector;

    private final Object lock = new Object();
    private CompletableFuture<SharedConnect> current = new CompletableFuture<>(); // guarded by lock
    private @Nullable ScheduledFuture<?> nextAttempt; // guarded by lock
    private long retryMillis = MIN_RETRY_MILLIS; // guarded by lock
    private boolean attempting; // guarded by lock
    private String lastFailure = ""; // guarded by lock
    private boolean closed; // guarded by lock

    /**
     * Makes a connection that is not open yet.
     *
     * @param onConnected called after every connect, since events may have been missed; must not block
     * @param onLifecycle gets the events of all domains, on libvirt's event thread; must not block
     */
    LibvirtConnection(String uri, TimeSource time, Runnable onConnected, Consumer<LifecycleSignal> onLifecycle) {
        this.uri = uri;
        this.time = time;
        this.onConnected = onConnected;
        this.onLifecycle = onLifecycle;
        this.connector = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "kelpie-libvirt-connect");
            thread.setDaemon(true);
            return thread;
        });
        connector.setRemoveOnCancelPolicy(true);
    }

    /** Begins to connect, and from then on to reconnect; does not wait. */
    void open() {
        attemptIn(0);
    }

    /**
     * Waits for the connection as long as it may come at once: not where nobody listens.
     *
     * @param atMost how long libvirtd may take to accept it
     * @return why there is no connection; empty if there is one
     */
    Optional<String> failureUnlessSoonOpen(Duration atMost) throws DriverException {
        attemptIn(0);
        Patience patience = new Patience(time);
        boolean known = patience.until(atMost, () -> isOpen() || !failure().isEmpty());
        if (!known) {
            return Optional.of("libvirtd at " + uri + " does not answer");
        }
        return patience.until(ANOTHER_ATTEMPT, this::isOpen) ? Optional.empty() : Optional.of(failure());
    }

    private String failure() {
        synchronized (lock) {
            return lastFailure;
        }
    }

    /**
     * Asks what libvirtd can answer from its own memory. The call is made again on a new connection if the old one
     * breaks under it.
     *
     * @param what the question's name, for messages
     * @throws LibvirtException if libvirt refuses
     * @throws DriverException if there is no answer within {@code deadline}
     */
    <T> T read(String what, Duration deadline, Call<T> call) throws LibvirtException, DriverException {
        long end = time.nanoTime() + deadline.toNanos();
        while (true) {
            SharedConnect shared = await(what, end);
            if (!shared.enter()) {
                continue;
            }
            try {
                return reads.call(what, left(end), () -> {}, () -> {
                    // a call that was given up by its asker may begin late, and needs the connection itself
                    if (!shared.enter()) {
                        throw new DriverException("libvirt: " + what + ": the connection is closed");
                    }
                    try {
                        return call.on(shared.connect());
                    } finally {
                        shared.leave();
                    }
                });
            } catch (LibvirtException e) {
                if (shared.connect().isAlive()) {
                    throw e;
                }
                lose(shared, String.valueOf(e.getMessage()));
            } finally {
                shared.leave();
            }
        }
    }

    /**
     * Makes a call that may wait for a QEMU, on a connection of its own. It goes on after its deadline.
     *
     * @param what the call's name, for messages
     * @param afterwards run once: when the call has returned, however late, or when it is sure that it is never made
     * @throws LibvirtException if libvirt refuses
     * @throws DriverException if there is no answer within {@code deadline}
     */
    <T> T change(String what, Duration deadline, Runnable afterwards, Call<T> call)
            throws LibvirtException, DriverException {
        long end = time.nanoTime() + deadline.toNanos();
        try {
            await(what, end);
        } catch (DriverException e) {
            afterwards.run();
            throw e;
        }
        return changes.call(what, left(end), afterwards, () -> {
            NativeConnect apart = new NativeConnect(uri);
            try {
                return call.on(apart);
            } finally {
                closeQuietly(apart);
            }
        });
    }

    /** Whether there is a connection, as far as is known. */
    boolean isOpen() {
        synchronized (lock) {
            return !closed && current.isDone();
        }
    }

    @Override
    public void close() {
        CompletableFuture<SharedConnect> last;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            last = current;
        }
        connector.shutdownNow();
        if (last.isDone()) {
            last.join().retire();
        } else {
            last.cancel(false);
        }
        reads.close();
        changes.close();
    }

    /** What the call did is done, however its connection ends. */
    private static void closeQuietly(NativeConnect connect) {
        try {
            connect.close();
        } catch (LibvirtException e) {
            LOG.debug("closing a connection to libvirt: {}", e.getMessage());
        }
    }

    private Duration left(long end) {
        return Duration.ofNanos(Math.max(0, end - time.nanoTime()));
    }

    private SharedConnect await(String what, long end) throws DriverException {
        CompletableFuture<SharedConnect> wanted;
        synchronized (lock) {
            if (closed) {
                throw new DriverException("libvirt: " + what + " was not tried: the driver is closed");
            }
            wanted = current;
        }
        if (!wanted.isDone()) {
            attemptIn(0); // whoever waits does not wait for the next attempt
        }
        try {
            return wanted.get(left(end).toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new DriverException(
                    "libvirt: " + what + " was not tried: "
                            + (failure().isEmpty() ? "libvirtd at " + uri + " does not answer" : failure()),
                    "",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverException("libvirt: " + what + " was interrupted", "", e);
        } catch (ExecutionException | CancellationException e) {
            throw new DriverException("libvirt: " + what + " was not tried: the driver is closed", "", e);
        }
    }

    private void attemptIn(long millis) {
        synchronized (lock) {
            if (closed || attempting || current.isDone()) {
                return;
            }
            if (nextAttempt != null) {
                if (millis > 0) {
                    return;
                }
                nextAttempt.cancel(false);
            }
            nextAttempt = connector.schedule(this::attempt, millis, TimeUnit.MILLISECONDS);
        }
    }

    private void attempt() {
        String failure = "";
        synchronized (lock) {
            nextAttempt = null;
            if (closed || current.isDone()) {
                return;
            }
            attempting = true;
        }
        try {
            connect();
        } catch (LibvirtException | RuntimeException e) {
            // libvirt-java answers some failures with a null pointer; whatever it is, the next attempt must come
            failure = "no connection to libvirtd at " + uri + ": " + e.getMessage();
        } catch (LinkageError e) {
            failure = "libvirt's client library cannot be loaded (package libvirt0): " + e.getMessage();
        }
        synchronized (lock) {
            attempting = false;
            if (failure.isEmpty()) {
                retryMillis = MIN_RETRY_MILLIS;
            } else {
                retryMillis = Math.min(2 * retryMillis, MAX_RETRY_MILLIS);
                if (!failure.equals(lastFailure)) {
                    LOG.warn("{}", failure);
                }
            }
            lastFailure = failure;
            attemptIn(retryMillis);
        }
        if (failure.isEmpty()) {
            onConnected.run();
        }
    }

    private void connect() throws LibvirtException {
        LOG.debug("{} is running", LibvirtEventLoop.RUNNING);
        NativeConnect made = new NativeConnect(uri);
        SharedConnect shared = new SharedConnect(made);
        try {
            made.registerCloseListener((connection, reason) -> lose(shared, reason.toString()));
        } catch (LibvirtException e) {
            closeQuietly(made);
            throw e;
        }
        if (!made.subscribe(onLifecycle)) {
            LOG.warn("libvirt at {} sends no events", uri);
        }
        boolean inTime;
        synchronized (lock) {
            inTime = !closed && current.complete(shared);
        }
        if (inTime) {
            LOG.info("connected to libvirt at {}", uri);
        } else {
            shared.retire();
        }
    }

    private void lose(SharedConnect shared, String why) {
        synchronized (lock) {
            if (closed || !current.isDone() || current.join() != shared) {
                return;
            }
            LOG.warn("lost the connection to libvirt at {}: {}", uri, why);
            current = new CompletableFuture<>();
            attemptIn(MIN_RETRY_MILLIS);
        }
        shared.retire();
    }
}
