package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ThreadLoopTest {
    private final List<Throwable> defects = new CopyOnWriteArrayList<>();
    private final ThreadLoop loop = new ThreadLoop(defects::add);

    @Test
    void tasksRunInOrderAndAllThatCameBeforeTheEnd() {
        List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
        IntStream.range(0, 1000).forEach(i -> loop.execute(() -> ran.add(i)));
        loop.close();
        assertThat(ran).isEqualTo(IntStream.range(0, 1000).boxed().toList());
        loop.execute(() -> ran.add(-1));
        loop.schedule(Duration.ZERO, () -> ran.add(-2)).cancel();
        assertThat(ran).hasSize(1000);
        assertThat(defects).isEmpty();
    }

    @Test
    void aTimerRunsOnceUnlessItIsCancelled() {
        List<String> ran = new CopyOnWriteArrayList<>();
        loop.schedule(Duration.ofMillis(20), () -> ran.add("kept"));
        loop.schedule(Duration.ofMillis(10), () -> ran.add("cancelled")).cancel();
        await().until(() -> !ran.isEmpty());
        loop.close();
        assertThat(ran).containsExactly("kept");
    }

    @Test
    void aDefectIsTold() {
        loop.execute(() -> {
            throw new IllegalStateException("oops");
        });
        loop.close();
        assertThat(defects).singleElement().isInstanceOf(IllegalStateException.class);
    }
}
