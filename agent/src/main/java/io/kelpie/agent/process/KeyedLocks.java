package io.kelpie.agent.process;

import java.io.InterruptedIOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** One lock for each key that is in use, so that work on one key never waits for work on another. Thread-safe. */
public final class KeyedLocks {
    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();

    private static final class Entry {
        final ReentrantLock lock = new ReentrantLock();
        int users; // guarded by the map's lock on the key
    }

    /** A held lock. */
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Waits until the key is free and takes it. {@code onWait} runs first if it is not free now.
     *
     * @throws InterruptedIOException if this thread was interrupted; its interrupt status is set
     */
    public Held lock(String key, Runnable onWait) throws InterruptedIOException {
        Entry entry = entries.compute(key, (ignored, present) -> {
            Entry used = present == null ? new Entry() : present;
            used.users++;
            return used;
        });
        boolean held = false;
        try {
            if (!entry.lock.tryLock()) {
                onWait.run();
                entry.lock.lockInterruptibly();
            }
            held = true;
            return () -> {
                entry.lock.unlock();
                leave(key);
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while it waited for " + key);
            interrupted.initCause(e);
            throw interrupted;
        } finally {
            if (!held) {
                leave(key);
            }
        }
    }

    private void leave(String key) {
        entries.computeIfPresent(key, (ignored, entry) -> --entry.users == 0 ? null : entry);
    }
}
