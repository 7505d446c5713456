package io.kelpie.agent.instance;

import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Loop, workers and clock of a test, all on its one thread: time passes only when the test says so, and a worker's job
 * runs at once unless the test holds it.
 */
public final class TestLoop implements AgentLoop, Workers, TimeSource {
    private record Task(long atNanos, long order, Runnable run) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::atNanos).thenComparingLong(Task::order));
    private final Map<String, List<Runnable>> held = new LinkedHashMap<>();
    private long nowNanos;
    private long order;

    @Override
    public void execute(Runnable task) {
        tasks.add(new Task(nowNanos, order++, task));
    }

    @Override
    public Timer schedule(Duration delay, Runnable run) {
        Task task = new Task(nowNanos + delay.toNanos(), order++, run);
        tasks.add(task);
        return () -> tasks.remove(task);
    }

    @Override
    public <T> void submit(String name, Callable<T> job, Consumer<Outcome<T>> then) {
        Runnable run = () -> {
            Outcome<T> outcome = Outcome.of(job);
            execute(() -> then.accept(outcome));
        };
        for (Map.Entry<String, List<Runnable>> hold : held.entrySet()) {
            if (name.startsWith(hold.getKey())) {
                hold.getValue().add(run);
                return;
            }
        }
        execute(run);
    }

    /** Keeps jobs whose name begins like this from running, as if they hung. */
    public void hold(String prefix) {
        held.put(prefix, new ArrayList<>());
    }

    /** Lets held jobs run, and later ones too. */
    public void release(String prefix) {
        List<Runnable> jobs = held.remove(prefix);
        if (jobs == null || jobs.isEmpty()) {
            throw new AssertionError("no job '" + prefix + "' is held");
        }
        jobs.forEach(this::execute);
        settle();
    }

    /** The process ends: nothing of what it was to do happens any more. */
    public void crash() {
        tasks.clear();
        held.values().forEach(List::clear);
    }

    /** Runs everything that is due. */
    public void settle() {
        advance(Duration.ZERO);
    }

    /** Lets time pass and runs everything that becomes due. */
    public void advance(Duration duration) {
        long until = nowNanos + duration.toNanos();
        while (!tasks.isEmpty() && tasks.peek().atNanos() <= until) {
            Task task = tasks.remove();
            nowNanos = Math.max(nowNanos, task.atNanos());
            task.run().run();
        }
        nowNanos = until;
    }

    @Override
    public long nanoTime() {
        return nowNanos;
    }

    @Override
    public long wallMillis() {
        return 1_700_000_000_000L + nowNanos / 1_000_000;
    }
}
