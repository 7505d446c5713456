package io.kelpie.controller.lease;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Runs {@link Leases#step} on a thread of its own until it is closed. */
public final class LeaseThread implements AutoCloseable {
    private static final long CLOSE_SECONDS = 5;

    private final Leases leases;
    private final Thread thread;

    public LeaseThread(Leases leases) {
        this.leases = leases;
        this.thread = new Thread(this::run, "kelpie-lease");
        thread.setDaemon(true);
        leases.onWork(() -> LockSupport.unpark(thread));
        thread.start();
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            leases.step();
            LockSupport.parkNanos(leases, Math.max(1, leases.idleNanos()));
        }
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
    }
}
