package io.kelpie.agent.driver.qemu;

import java.time.Duration;

/**
 * How long the driver waits for what.
 *
 * @param start from the spawn of the guard until the guest's CPUs run
 * @param command one QMP command; also how long a hung QEMU holds up who asks for it
 * @param quit QEMU's own end after it was told to quit
 * @param kill the kernel's end of a process after SIGKILL
 */
public record QemuTimeouts(Duration start, Duration command, Duration quit, Duration kill) {
    /** What an agent uses. */
    public static QemuTimeouts standard() {
        return new QemuTimeouts(
                Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(5));
    }
}
