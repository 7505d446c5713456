package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.guard.GuardRecord;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees that instances end, on one thread for all. It looks at every one a few times a second, since an adopted guard is
 * nobody's child here; and at once when something hints at an end.
 */
final class InstanceWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceWatch.class);

    private static final long PERIOD_MILLIS = 200;
    private static final long FIRST_LOOK_MILLIS = 1;
    private static final long LAST_LOOK_MILLIS = 128;

    /** Looks, a period apart, at which QEMU is dead and its guard has not noticed, before the guard counts as hung. */
    private static final int HUNG_LOOKS = 15;

    private final ScheduledThreadPoolExecutor thread;
    private final Map<QemuInstance, Integer> watched = new ConcurrentHashMap<>(); // to looks with a dead QEMU
    private final Consumer<QemuInstance> onEnded;

    /** @param onEnded called on the watch's thread, once an instance, when no process of it is left */
    InstanceWatch(Consumer<QemuInstance> onEnded) {
        this.onEnded = onEnded;
        this.thread = new ScheduledThreadPoolExecutor(1, run -> {
            Thread made = new Thread(run, "qemu-watch");
            made.setDaemon(true);
            return made;
        });
        // Hints still come when the driver is closed: connections end then. Nobody is left to be told.
        thread.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        thread.scheduleWithFixedDelay(this::lookAtAll, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    void add(QemuInstance instance) {
        watched.put(instance, 0);
    }

    /** Something hints that the instance has ended, or is about to. */
    void hint(QemuInstance instance) {
        lookSoon(instance, 0);
    }

    private void lookSoon(QemuInstance instance, long delayMillis) {
        Runnable look = () -> {
            if (watched.containsKey(instance) && !look(instance) && delayMillis <= LAST_LOOK_MILLIS) {
                lookSoon(instance, Math.max(FIRST_LOOK_MILLIS, delayMillis * 2));
            }
        };
        thread.schedule(look, delayMillis, TimeUnit.MILLISECONDS);
    }

    private void lookAtAll() {
        for (QemuInstance instance : watched.keySet()) {
            if (!look(instance)) {
                endHungGuard(instance);
            }
        }
    }

    /** Whether the instance has ended. */
    private boolean look(QemuInstance instance) {
        try {
            if (instance.isAlive()) {
                return false;
            }
        } catch (DriverException e) {
            LOG.error("cannot see whether instance {} runs", instance.id(), e);
            return false;
        }
        if (watched.remove(instance) != null) {
            onEnded.accept(instance);
        }
        return true;
    }

    /** A guard that does not reap its dead QEMU is hung or was stopped; without this its VM would be stuck. */
    private void endHungGuard(QemuInstance instance) {
        try {
            GuardRecord record = instance.record().orElseThrow();
            boolean dead = !record.qemu().isAlive();
            int looks = dead ? watched.merge(instance, 1, Integer::sum) : 0;
            if (!dead) {
                watched.replace(instance, 0);
            } else if (looks >= HUNG_LOOKS) {
                LOG.warn("QEMU of instance {} is dead and its guard hangs: killing the guard", instance.id());
                record.guard().kill();
            }
        } catch (DriverException e) {
            LOG.error("cannot read the record of instance {}", instance.id(), e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
