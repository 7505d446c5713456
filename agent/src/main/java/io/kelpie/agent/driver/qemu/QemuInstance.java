package io.kelpie.agent.driver.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.Patience;
import io.kelpie.agent.driver.guard.GuardRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One instance: its files, its processes, its QMP connection. What it knows of processes is read from the disk, so an
 * object may be made for an instance at any time. Safe to use from several threads.
 */
final class QemuInstance implements AutoCloseable {
    /** Where this object is in its life. */
    enum Phase {
        /** Not yet known to run: its end is told to whoever starts or adopts it. */
        NEW,
        /** It runs and is watched: its end is reported as an event. */
        LIVE,
        /** Its end was told. */
        ENDED
    }

    /** What an instance tells its driver, on any thread, without being waited for. */
    interface Listener {
        void onQmpEvent(QemuInstance instance, QmpEvent event);

        /** Its QMP connection has ended, so QEMU may have, too. */
        void onDisconnected(QemuInstance instance);
    }

    /** How long a guard may take from its lock to its record. */
    private static final Duration GUARD_DEADLINE = Duration.ofSeconds(5);

    private final InstanceId id;
    private final InstanceFiles files;
    private final String bootId;
    private final QmpReactor reactor;
    private final Listener listener;
    private final ReentrantLock startLock = new ReentrantLock();
    private final Object phaseLock = new Object();

    private volatile Phase phase = Phase.NEW; // written with phaseLock held
    private volatile @Nullable GuardRecord lastRecord;
    private @Nullable QmpClient client; // guarded by this

    QemuInstance(InstanceId id, InstanceFiles files, String bootId, QmpReactor reactor, Listener listener) {
        this.id = id;
        this.files = files;
        this.bootId = bootId;
        this.reactor = reactor;
        this.listener = listener;
    }

    InstanceId id() {
        return id;
    }

    InstanceFiles files() {
        return files;
    }

    /** Held while the instance is started or adopted. Nothing else waits for it. */
    ReentrantLock startLock() {
        return startLock;
    }

    Phase phase() {
        return phase;
    }

    void goLive() {
        move(Phase.NEW, Phase.LIVE);
    }

    /** Moves to {@link Phase#ENDED}; true for the one caller that did it. */
    boolean end(Phase from) {
        return move(from, Phase.ENDED);
    }

    private boolean move(Phase from, Phase to) {
        synchronized (phaseLock) {
            if (phase != from) {
                return false;
            }
            phase = to;
            return true;
        }
    }

    // ---- processes --------------------------------------------------------------------------------------------------

    /** What the guard has recorded; read anew until it is there. */
    Optional<GuardRecord> record() throws DriverException {
        Optional<GuardRecord> known = Optional.ofNullable(lastRecord);
        if (known.isEmpty()) {
            known = files.record();
            lastRecord = known.orElse(null);
        }
        return known;
    }

    /**
     * The record of an instance that somebody may be about to start. Without one the instance is closed first, so that
     * "there is none" stays true.
     */
    Optional<GuardRecord> settledRecord(Patience patience) throws DriverException {
        boolean settled = patience.until(GUARD_DEADLINE, () -> record().isPresent() || files.close());
        if (!settled) {
            throw new DriverException("the guard of instance " + id + " holds its lock and wrote no record");
        }
        return record(); // a guard may have come and gone before the instance was closed
    }

    /** Whether the guard or QEMU exists. */
    boolean isAlive() throws DriverException {
        Optional<GuardRecord> record = record();
        return record.isPresent() && record.get().isAlive(bootId);
    }

    /** How it ended; only for an instance of which no process is left. */
    ExitInfo exitInfo() throws DriverException {
        return ExitVerdict.of(record(), files.exit(), files.isCommanded(), bootId, files.stderrTail());
    }

    // ---- QMP --------------------------------------------------------------------------------------------------------

    /** Connects, unless there is a connection. Does not wait for QEMU. */
    synchronized QmpClient connect() throws IOException {
        QmpClient open = client;
        if (open == null || !open.isOpen()) {
            open = reactor.connect(
                    files.qmpSocket(), event -> listener.onQmpEvent(this, event), () -> listener.onDisconnected(this));
            client = open;
        }
        return open;
    }

    /** Executes a QMP command. */
    JsonNode execute(String command, Duration deadline) throws QmpException, DriverException {
        try {
            return connect().execute(command, deadline);
        } catch (IOException e) {
            throw new QmpException(QmpException.Kind.CLOSED, "nobody listens on the QMP socket of instance " + id);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverException("the call was interrupted", "", e);
        }
    }

    /** What the guest's CPUs do, as QEMU says. */
    Power queryPower(Duration deadline) throws QmpException, DriverException {
        String status = execute("query-status", deadline).path("status").asText();
        return switch (status) {
            case "running" -> Power.RUNNING;
            case "prelaunch", "inmigrate" -> Power.STARTING;
            default -> Power.PAUSED; // paused, suspended, io-error, …: QEMU is well, the CPUs stand still
        };
    }

    @Override
    public synchronized void close() {
        if (client != null) {
            client.close();
        }
    }
}
