package io.kelpie.agent.instance;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Jobs in lanes: of one lane at most {@code width} run at a time, in the order in which they came; lanes never wait for
 * each other. Belongs to the loop.
 */
final class Lanes<K> {
    private static final class Lane {
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private int running;
    }

    private final Workers workers;
    private final int width;
    private final Map<K, Lane> lanes = new HashMap<>();

    Lanes(Workers workers, int width) {
        this.workers = workers;
        this.width = width;
    }

    <T> void submit(K key, String name, Callable<T> job, Consumer<Outcome<T>> then) {
        Lane lane = lanes.computeIfAbsent(key, k -> new Lane());
        lane.waiting.add(() -> workers.submit(name, job, outcome -> {
            lane.running--;
            next(key, lane);
            then.accept(outcome);
        }));
        next(key, lane);
    }

    private void next(K key, Lane lane) {
        while (lane.running < width && !lane.waiting.isEmpty()) {
            lane.running++;
            lane.waiting.remove().run();
        }
        if (lane.running == 0 && lane.waiting.isEmpty()) {
            lanes.remove(key, lane);
        }
    }
}
