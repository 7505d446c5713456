package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.StopRung;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What the driver remembers of an instance that it started, adopted, or is asked to end. Safe for several threads. */
final class TrackedInstance {
    private final InstanceId id;
    private final LibvirtHandle handle;
    private final CompletableFuture<ExitInfo> exit = new CompletableFuture<>();

    private boolean starting; // guarded by this
    private @Nullable QemuProcess process; // guarded by this
    private @Nullable StopRung commanded; // guarded by this
    private LifecycleSignal.@Nullable Change shutdown; // guarded by this
    private LifecycleSignal.@Nullable Change stopped; // guarded by this
    private @Nullable Power power; // guarded by this

    private TrackedInstance(InstanceId id, LibvirtHandle handle, boolean starting) {
        this.id = id;
        this.handle = handle;
        this.starting = starting;
    }

    static TrackedInstance starting(InstanceId id, LibvirtHandle handle) {
        return new TrackedInstance(id, handle, true);
    }

    static TrackedInstance existing(InstanceId id, LibvirtHandle handle) {
        return new TrackedInstance(id, handle, false);
    }

    InstanceId id() {
        return id;
    }

    LibvirtHandle handle() {
        return handle;
    }

    /** Whether its start has not returned yet. Until then it has no exit: a failed start is not one. */
    synchronized boolean isStarting() {
        return starting;
    }

    synchronized void started() {
        starting = false;
    }

    synchronized Optional<QemuProcess> process() {
        return Optional.ofNullable(process);
    }

    synchronized void process(QemuProcess found) {
        process = found;
    }

    synchronized void command(StopRung rung) {
        commanded = rung;
    }

    synchronized void shutdownBegan(LifecycleSignal.Change by) {
        shutdown = by;
    }

    synchronized void stopped(LifecycleSignal.Change how) {
        stopped = how;
    }

    synchronized boolean hasStopped() {
        return stopped != null;
    }

    /** Forgets events that turned out to be of an earlier incarnation of the VM. */
    synchronized void forgetStop() {
        shutdown = null;
        stopped = null;
    }

    /** Notes what the CPUs do; whether that is new. */
    synchronized boolean powerChanged(Power now) {
        boolean changed = power != now;
        power = now;
        return changed;
    }

    boolean isGone() {
        return exit.isDone();
    }

    Optional<ExitInfo> exit() {
        return exit.isDone() ? Optional.of(exit.join()) : Optional.empty();
    }

    /**
     * Notes that the instance has ended.
     *
     * @param endOfLease its end, if its guard ended it
     * @param log its domain's log
     * @param otherwise what to say if nothing tells how it ended
     * @return whether it had not been noted before
     */
    synchronized boolean end(Optional<ExitInfo> endOfLease, DomainLog log, String otherwise) {
        return exit.complete(endOfLease.orElseGet(() -> ExitReport.of(
                Optional.ofNullable(commanded),
                Optional.ofNullable(shutdown),
                Optional.ofNullable(stopped),
                log,
                otherwise)));
    }
}
