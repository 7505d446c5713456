package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.guard.GuardRecord;
import java.time.Duration;

/** Ends an instance by force. */
final class GuardEnd {
    /** How long a guard may take to write its exit file once its QEMU is dead. */
    private static final Duration GUARD_DEADLINE = Duration.ofSeconds(1);

    private GuardEnd() {}

    /**
     * Kills QEMU, so that its guard writes how it ended; then, if need be, the guard, and with it, in the kernel,
     * QEMU. Every process is verified by pid and start time before it is killed. Returns when none is left.
     *
     * @param deadline for the kernel, after SIGKILL
     */
    static void enforce(QemuInstance instance, Patience patience, Duration deadline) throws DriverException {
        GuardRecord record = instance.record().orElseThrow();
        record.qemu().kill();
        if (patience.until(GUARD_DEADLINE, () -> !instance.isAlive())) {
            return;
        }
        record.guard().kill();
        if (!patience.until(deadline, () -> !instance.isAlive())) {
            throw new DriverException("instance " + instance.id()
                    + " is left after SIGKILL: a process of it hangs in the kernel. Fix: look at "
                    + instance.files().recordFile() + " for its pids, or reboot the host");
        }
    }
}
