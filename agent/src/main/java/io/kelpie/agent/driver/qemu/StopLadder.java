package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.StopRung;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends instances, ever less gently. Every call has a deadline; after the last rung no process is left. */
final class StopLadder {
    private static final Logger LOG = LoggerFactory.getLogger(StopLadder.class);

    private final QemuTimeouts timeouts;
    private final Patience patience;

    StopLadder(QemuTimeouts timeouts, Patience patience) {
        this.timeouts = timeouts;
        this.patience = patience;
    }

    /** As {@link io.kelpie.agent.driver.VmDriver#stop}. */
    StopRung stop(QemuInstance instance, Duration grace) throws DriverException {
        if (instance.settledRecord(patience).isEmpty() || !instance.isAlive()) {
            return StopRung.ALREADY_GONE;
        }
        instance.files().markCommanded();
        try {
            if (powerDown(instance, grace)) {
                return StopRung.ACPI;
            }
            if (quit(instance)) {
                return StopRung.QUIT;
            }
        } catch (QmpException e) {
            LOG.warn("instance {} is killed, since it answers nothing: {}", instance.id(), e.getMessage());
        }
        endProcesses(instance);
        return StopRung.KILL;
    }

    /** As {@link io.kelpie.agent.driver.VmDriver#kill}. */
    StopRung kill(QemuInstance instance) throws DriverException {
        if (instance.settledRecord(patience).isEmpty() || !instance.isAlive()) {
            return StopRung.ALREADY_GONE;
        }
        instance.files().markCommanded();
        endProcesses(instance);
        return StopRung.KILL;
    }

    /**
     * Asks the guest to shut down and waits. A guest whose CPUs stand still will not follow: no grace is spent on it.
     *
     * @throws QmpException if QEMU hangs
     */
    private boolean powerDown(QemuInstance instance, Duration grace) throws QmpException, DriverException {
        if (grace.isZero() || grace.isNegative()) {
            return false;
        }
        try {
            if (instance.queryPower(timeouts.command()) != Power.RUNNING) {
                return false;
            }
            instance.execute("system_powerdown", timeouts.command());
        } catch (QmpException e) {
            return endedUnlessHung(instance, e, Duration.ZERO);
        }
        return patience.until(grace, () -> !instance.isAlive());
    }

    /** @throws QmpException if QEMU hangs */
    private boolean quit(QemuInstance instance) throws QmpException, DriverException {
        try {
            instance.execute("quit", timeouts.command());
        } catch (QmpException e) {
            return endedUnlessHung(instance, e, timeouts.quit());
        }
        return patience.until(timeouts.quit(), () -> !instance.isAlive());
    }

    private boolean endedUnlessHung(QemuInstance instance, QmpException e, Duration deadline)
            throws QmpException, DriverException {
        return switch (e.kind()) {
            case TIMED_OUT -> throw e;
            case REFUSED -> false;
            case CLOSED -> patience.until(deadline, () -> !instance.isAlive()); // it ended before it had answered
        };
    }

    /** QEMU first, so that its guard can write how it ended; then the guard, and with it in the kernel QEMU. */
    private void endProcesses(QemuInstance instance) throws DriverException {
        GuardEnd.enforce(instance, patience, timeouts.kill());
    }
}
