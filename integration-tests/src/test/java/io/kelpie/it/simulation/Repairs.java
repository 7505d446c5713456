package io.kelpie.it.simulation;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What makes faults good again, each once: after its time, or when all is healed. */
final class Repairs {
    private final class Repair {
        private final Runnable task;

        Repair(Runnable task) {
            this.task = task;
        }

        void run() {
            if (pending.remove(this)) {
                task.run();
            }
        }
    }

    private final World world;
    private final Set<Repair> pending = new LinkedHashSet<>();

    Repairs(World world) {
        this.world = world;
    }

    void after(long nanos, Runnable task) {
        Repair repair = new Repair(task);
        pending.add(repair);
        world.after(nanos, repair::run);
    }

    /** Whether nothing is broken that will be made good. */
    boolean isEmpty() {
        return pending.isEmpty();
    }

    void all() {
        List.copyOf(pending).forEach(Repair::run);
    }
}
