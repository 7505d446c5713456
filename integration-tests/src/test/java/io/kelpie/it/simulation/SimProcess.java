package io.kelpie.it.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A process: what is posted to it happens while it lives, and waits while it is paused. What was posted to an earlier
 * life never happens.
 */
final class SimProcess {
    private record Waiting(boolean timer, Runnable task) {}

    final String name;
    private final World world;
    private final SplittableRandom random;
    private final List<Waiting> waiting = new ArrayList<>();
    private boolean alive;
    private boolean paused;
    private long life;

    SimProcess(World world, String name) {
        this.world = world;
        this.name = name;
        this.random = world.random("process " + name);
    }

    boolean alive() {
        return alive;
    }

    boolean paused() {
        return paused;
    }

    boolean runs() {
        return alive && !paused;
    }

    long life() {
        return life;
    }

    void start() {
        alive = true;
        paused = false;
        life++;
    }

    void die() {
        alive = false;
        paused = false;
        life++;
        waiting.clear();
    }

    void pause() {
        paused = true;
    }

    /** Goes on: what came meanwhile happens at once; timers and messages in any order, messages among themselves in theirs. */
    void resume() {
        if (!paused) {
            return;
        }
        paused = false;
        List<Waiting> all = List.copyOf(waiting);
        waiting.clear();
        int order = random.nextInt(3);
        if (order == 0) {
            all.forEach(each -> post(0, each));
        } else {
            boolean timersFirst = order == 1;
            all.stream().filter(each -> each.timer == timersFirst).forEach(each -> post(0, each));
            all.stream().filter(each -> each.timer != timersFirst).forEach(each -> post(0, each));
        }
    }

    /** A message reaches the process after so much true time. */
    void post(long nanos, Runnable task) {
        post(nanos, new Waiting(false, task));
    }

    /** A timer of the process fires after so much true time. */
    void timer(long nanos, Runnable task) {
        post(nanos, new Waiting(true, task));
    }

    private void post(long nanos, Waiting event) {
        long postedTo = life;
        world.after(nanos, () -> {
            if (!alive || life != postedTo) {
                return;
            }
            if (paused) {
                waiting.add(event);
            } else {
                event.task.run();
            }
        });
    }
}
