package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.DriverException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BoundedCallsTest {
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofSeconds(10);

    private final BoundedCalls calls = new BoundedCalls("test-calls", 2);
    private final CountDownLatch hanging = new CountDownLatch(1);

    @AfterEach
    void close() {
        hanging.countDown();
        calls.close();
    }

    @Test
    void givesTheResult() throws Exception {
        AtomicInteger after = new AtomicInteger();

        assertThat(calls.call("a sum", LONG, after::incrementAndGet, () -> 1 + 1))
                .isEqualTo(2);
        assertThat(after).hasValue(1);
    }

    @Test
    void aCallThatHangsIsLeftAloneAndEndsLater() throws Exception {
        CountDownLatch after = new CountDownLatch(1);

        assertThatThrownBy(() -> calls.call("a hang", SHORT, after::countDown, this::hang))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("a hang");
        assertThat(after.getCount()).as("still under way").isEqualTo(1);
        assertThat(calls.call("a sum", LONG, () -> {}, () -> 1 + 1)).isEqualTo(2);

        hanging.countDown();
        assertThat(after.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aCallThatFindsNoThreadIsNeverMade() throws Exception {
        AtomicInteger made = new AtomicInteger();
        AtomicInteger after = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            CountDownLatch begun = new CountDownLatch(1);
            new Thread(() -> assertThatCode(() -> calls.call("a hang", LONG, () -> {}, () -> {
                                begun.countDown();
                                return hang();
                            }))
                            .doesNotThrowAnyException())
                    .start();
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        }

        assertThatThrownBy(() -> calls.call("a sum", SHORT, after::incrementAndGet, made::incrementAndGet))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("not tried");
        assertThat(after).hasValue(1);

        hanging.countDown();
        calls.close();
        assertThat(made).hasValue(0);
    }

    @Test
    void refusesWhenClosed() {
        AtomicInteger after = new AtomicInteger();
        calls.close();

        assertThatThrownBy(() -> calls.call("a sum", LONG, after::incrementAndGet, () -> 1 + 1))
                .isInstanceOf(DriverException.class);
        assertThat(after).hasValue(1);
    }

    private int hang() throws InterruptedException {
        boolean released = hanging.await(60, TimeUnit.SECONDS);
        return released ? 1 : 0;
    }
}
