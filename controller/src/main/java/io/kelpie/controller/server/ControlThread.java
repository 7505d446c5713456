package io.kelpie.controller.server;

import io.kelpie.controller.control.ControlLoop;
import java.util.concurrent.TimeUnit;

/** Runs the control loop until it is closed. */
final class ControlThread implements AutoCloseable {
    private static final long CLOSE_SECONDS = 5;

    private final Thread thread;

    ControlThread(ControlLoop control) {
        this.thread = ControllerServer.daemon(() -> run(control), "kelpie-control");
        thread.start();
    }

    private static void run(ControlLoop control) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                control.tick(ControlLoop.TICK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
    }
}
