package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.common.time.TimeSource;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one instance up. Used once, by one thread. */
final class GuardLaunch {
    private static final Logger LOG = LoggerFactory.getLogger(GuardLaunch.class);

    /** Exit status of a guard that found another one, or its QEMU, at work ({@code STATUS_BUSY}). */
    private static final int STATUS_BUSY = 65;

    /** Longest path of a unix socket, in bytes, without the final NUL. */
    private static final int SOCKET_PATH_BYTES_MAX = 107;

    private static final File NULL = new File("/dev/null");

    private final QemuInstance instance;
    private final Path qemu;
    private final Path guard;
    private final TimeSource time;
    private final QemuTimeouts timeouts;
    private final Patience patience;
    private final long deadlineNanos;

    GuardLaunch(
            QemuInstance instance, Path qemu, Path guard, TimeSource time, QemuTimeouts timeouts, Patience patience) {
        this.instance = instance;
        this.qemu = qemu;
        this.guard = guard;
        this.time = time;
        this.timeouts = timeouts;
        this.patience = patience;
        this.deadlineNanos = time.nanoTime() + timeouts.start().toNanos();
    }

    /**
     * Spawns the guard and waits until the guest's CPUs run.
     *
     * @return the guard; empty if another guard of the instance is at work already
     * @throws DriverException if it does not come up; no process is left
     */
    Optional<Process> start(LaunchSpec spec, boolean sandbox) throws DriverException {
        checkSocketPath();
        Process process = spawn(spec, sandbox);
        boolean running = false;
        try {
            running = awaitRunning(process);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverException("the start was interrupted", "", e);
        } finally {
            if (!running && process.isAlive()) {
                end(process);
            }
        }
        if (!running) {
            if (process.exitValue() == STATUS_BUSY) {
                return Optional.empty();
            }
            throwUnlessItRan();
        }
        return Optional.of(process);
    }

    /** Waits until the guest's CPUs run, or were paused, in an instance that has a guard already. */
    void awaitRunning() throws DriverException {
        boolean answers = patience.until(remaining(), () -> {
            if (!instance.isAlive()) {
                throw new DriverException(instance.exitInfo());
            }
            try {
                return instance.queryPower(timeouts.command()) != Power.STARTING;
            } catch (QmpException e) {
                return false; // not up yet, or about to end
            }
        });
        if (!answers) {
            throw new DriverException("instance " + instance.id() + " exists, but its QEMU does not answer");
        }
    }

    // ---- the guard --------------------------------------------------------------------------------------------------

    private Process spawn(LaunchSpec spec, boolean sandbox) throws DriverException {
        InstanceFiles files = instance.files();
        List<String> command = guardCommand(spec);
        command.addAll(QemuCommandLine.of(spec, files.qmpSocket(), sandbox));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(NULL)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear(); // nothing of the agent's is any business of QEMU's
        builder.environment().putAll(Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "LANG", "C.UTF-8"));
        try {
            files.createFolders();
            return builder.start();
        } catch (IOException e) {
            throw new DriverException("cannot run " + guard + ": " + e.getMessage(), "", e);
        }
    }

    private List<String> guardCommand(LaunchSpec spec) {
        InstanceFiles files = instance.files();
        List<String> command = new ArrayList<>(List.of(
                guard.toString(),
                "--instance",
                instance.id().toString(),
                "--record",
                files.recordFile().toString(),
                "--exit",
                files.exitFile().toString(),
                "--stderr",
                files.stderrFile().toString(),
                "--lock",
                files.lockFile().toString(),
                "--qmp-fd",
                Integer.toString(QemuCommandLine.GUARD_FD)));
        spec.lease()
                .ifPresent(lease -> command.addAll(List.of(
                        "--deadline", lease.deadlineFile().toString(), "--lineage", Long.toString(lease.lineage()))));
        command.add("--");
        command.add(qemu.toString());
        return command;
    }

    /** QEMU could not bind a longer path, and would say so only after everything else was done. */
    private void checkSocketPath() throws DriverException {
        Path socket = instance.files().qmpSocket();
        int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > SOCKET_PATH_BYTES_MAX) {
            throw new DriverException("the path of the socket " + socket + " has " + bytes + " bytes, more than "
                    + SOCKET_PATH_BYTES_MAX + ". Fix: set runFolder to a shorter path");
        }
    }

    /** Whether the guest's CPUs run; false once the guard has ended. */
    private boolean awaitRunning(Process process) throws DriverException, InterruptedException {
        QmpClient client = connect(process);
        while (client != null) {
            try {
                if (instance.queryPower(remaining()) != Power.STARTING) {
                    return true;
                }
            } catch (QmpException e) {
                if (e.kind() != QmpException.Kind.CLOSED) {
                    throw notUp(e);
                }
                // QEMU has ended; its guard is about to write how.
                if (!process.waitFor(timeouts.kill().toMillis(), TimeUnit.MILLISECONDS)) {
                    throw notUp(e);
                }
            }
            if (process.waitFor(1, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return false;
    }

    /** Connects as soon as QEMU listens; null once the guard has ended. */
    private @Nullable QmpClient connect(Process process) throws DriverException, InterruptedException {
        Path socket = instance.files().qmpSocket();
        while (!process.waitFor(1, TimeUnit.MILLISECONDS)) {
            try {
                // A vain look costs much less than a vain connection, and QEMU wants the CPU meanwhile.
                if (Files.exists(socket)) {
                    return instance.connect();
                }
            } catch (IOException e) {
                LOG.trace("{} does not take connections yet", socket, e);
            }
            if (remaining().isZero()) {
                throw notUp(new NoSuchFileException(socket.toString()));
            }
        }
        return null;
    }

    private Duration remaining() {
        return Duration.ofNanos(Math.max(0, deadlineNanos - time.nanoTime()));
    }

    // ---- failure ----------------------------------------------------------------------------------------------------

    private DriverException notUp(Exception cause) throws DriverException {
        return new DriverException(
                "QEMU was not up within " + timeouts.start().toSeconds() + " s",
                instance.files().stderrTail(),
                cause);
    }

    private void end(Process process) throws DriverException {
        if (instance.record().isPresent()) {
            GuardEnd.enforce(instance, patience, timeouts.kill());
        } else {
            process.destroyForcibly();
            if (!patience.until(timeouts.kill(), () -> instance.files().close())) {
                throw new DriverException("the guard of instance " + instance.id() + " is left after SIGKILL");
            }
        }
    }

    /** A guest may have run and shut itself down faster than anyone could ask. */
    private void throwUnlessItRan() throws DriverException {
        InstanceFiles files = instance.files();
        Optional<GuardExit> exit = files.exit();
        if (exit.isPresent() && exit.get().answered() && !files.isCommanded()) {
            return;
        }
        throw new DriverException(instance.exitInfo());
    }
}
