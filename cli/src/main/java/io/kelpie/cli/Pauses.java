package io.kelpie.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Lets time pass between two questions. */
@FunctionalInterface
public interface Pauses {
    /** Returns after {@code length}; a thread that is interrupted meanwhile ends the command. */
    void pause(Duration length);

    /** Real time. */
    static Pauses system() {
        return length -> {
            try {
                boolean opened = new CountDownLatch(1).await(length.toNanos(), TimeUnit.NANOSECONDS);
                if (opened) {
                    throw new AssertionError("nobody opens this latch");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CliException(ExitCode.FAILED, "interrupted", null);
            }
        };
    }
}
