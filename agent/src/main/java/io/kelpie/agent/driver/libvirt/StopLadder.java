package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends instances, ever less gently. Every call has a deadline; after the last rung no process is left. */
final class StopLadder {
    private static final Logger LOG = LoggerFactory.getLogger(StopLadder.class);

    private static final Duration ACPI_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration QUIT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(5);
    /** Longer than libvirtd's own way to SIGKILL, for a QEMU that this agent may not signal. */
    private static final Duration DESTROY_TIMEOUT = Duration.ofSeconds(20);

    private final LibvirtConnection connection;
    private final Domains domains;
    private final Instances instances;
    private final TimeSource time;

    StopLadder(LibvirtConnection connection, Domains domains, Instances instances, TimeSource time) {
        this.connection = connection;
        this.domains = domains;
        this.instances = instances;
        this.time = time;
    }

    /** As {@link io.kelpie.agent.driver.VmDriver#stop}. */
    StopRung stop(TrackedInstance instance, Duration grace) throws DriverException {
        if (instance.isGone() || instances.look(instance).isEmpty()) {
            return StopRung.ALREADY_GONE;
        }
        instance.command(StopRung.ACPI);
        if (!grace.isZero() && requestShutdown(instance, grace)) {
            return StopRung.ACPI;
        }
        instance.command(StopRung.QUIT);
        if (quit(instance)) {
            return StopRung.QUIT;
        }
        endByForce(instance);
        return StopRung.KILL;
    }

    /** As {@link io.kelpie.agent.driver.VmDriver#kill}. */
    StopRung kill(TrackedInstance instance) throws DriverException {
        if (instance.isGone() || instances.look(instance).isEmpty()) {
            return StopRung.ALREADY_GONE;
        }
        endByForce(instance);
        return StopRung.KILL;
    }

    private boolean requestShutdown(TrackedInstance instance, Duration grace) throws DriverException {
        long end = time.nanoTime() + grace.toNanos();
        // a libvirtd that is being started anew gets the whole grace, a QEMU that does not listen less
        boolean brief = connection.isOpen() && grace.compareTo(ACPI_TIMEOUT) > 0;
        try {
            domains.requestShutdown(instance.id(), brief ? ACPI_TIMEOUT : grace);
        } catch (DriverException e) {
            LOG.info("{}; {} is told to quit", e.getMessage(), instance.id());
            return false;
        }
        return instances.awaitEnd(instance, Duration.ofNanos(end - time.nanoTime()));
    }

    private boolean quit(TrackedInstance instance) throws DriverException {
        try {
            return domains.quit(instance.id(), QUIT_TIMEOUT) && instances.awaitEnd(instance, Instances.NOTICE_TIMEOUT);
        } catch (DriverException e) {
            LOG.info("{}; {} is killed", e.getMessage(), instance.id());
            return false;
        }
    }

    /** SIGKILL, past libvirtd where this agent may: its own way there takes ten seconds, and it may hang. */
    void endByForce(TrackedInstance instance) throws DriverException {
        instance.command(StopRung.KILL);
        boolean signalled = instance.process().filter(QemuProcess::kill).isPresent();
        if (signalled && instances.awaitProcessEnd(instance, KILL_TIMEOUT)) {
            instances.awaitNotice(instance);
            instances.end(instance);
            return;
        }
        domains.destroy(instance.id(), DESTROY_TIMEOUT);
        if (!instances.awaitEnd(instance, KILL_TIMEOUT)) {
            throw new DriverException("QEMU of " + instance.id() + " is still there after SIGKILL");
        }
    }
}
