package io.kelpie.agent.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class KeyedLocksTest {
    private final KeyedLocks locks = new KeyedLocks();

    @Test
    void oneKeyWaitsAndSaysSoAnotherDoesNot() throws Exception {
        CountDownLatch waits = new CountDownLatch(1);
        AtomicBoolean held = new AtomicBoolean(true);
        CompletableFuture<Boolean> second;
        try (KeyedLocks.Held first = locks.lock("a", () -> {})) {
            second = CompletableFuture.supplyAsync(() -> {
                try (KeyedLocks.Held mine = locks.lock("a", waits::countDown)) {
                    return held.get();
                } catch (java.io.InterruptedIOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(waits.await(10, TimeUnit.SECONDS)).isTrue();
            try (KeyedLocks.Held other = locks.lock("b", () -> {
                throw new AssertionError("b is free");
            })) {
                assertThat(second).isNotDone();
            }
            held.set(false);
        }
        assertThat(second.get(10, TimeUnit.SECONDS)).isFalse();
    }
}
