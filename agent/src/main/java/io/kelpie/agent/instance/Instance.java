package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import io.kelpie.proto.v1.InstancePhase;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the loop knows of one instance. Belongs to the loop, but for {@link #cancelled}. */
final class Instance {
    /** Where an instance is on its way. */
    enum Stage {
        /** Its first entry is being written; nobody has been told of it. */
        RECORDING,
        /** Images and disks are being made. */
        PREPARING,
        /** Its driver is about to start it, or is starting it. */
        STARTING,
        /** An earlier process of the agent had it, and its driver is looking for it. */
        ADOPTING,
        /** Its hypervisor exists. */
        RUNNING,
        /** It has ended, or was never started. */
        ENDED
    }

    /** How a hypervisor that is to end is being ended. */
    static final class Ladder {
        boolean stopping;
        boolean killing;

        boolean busy() {
            return stopping || killing;
        }
    }

    final InstanceId id;
    final Ladder ladder = new Ladder();
    private final long createdAtNanos;

    LedgerEntry entry;
    Stage stage;
    /** Chosen or found; absent before the choice. */
    Optional<DriverKind> driver = Optional.empty();

    InstanceStatus.Power power = InstanceStatus.Power.GONE;
    long pid;
    /** What it is doing or suffering, one sentence; empty if there is nothing to say. */
    String message = "";

    /** True from the moment its driver is told to start it until the driver has answered. */
    boolean startInFlight;
    /** The exit that its driver has told while an answer of the driver was still outstanding. */
    Optional<ExitInfo> exitSeen = Optional.empty();

    long exitSeenAtNanos;
    /** When its hypervisor was first seen to exist without its guest running. */
    Optional<Long> startingSinceNanos = Optional.empty();

    /** Not watched before. */
    long nextLookAtNanos;
    /** The lease that it ran by has lapsed. */
    boolean lapsed;
    /** Lineage of the lease that it is to be started by; 0 if it is not leased or was adopted. */
    long lineage;
    /** Its entry was damaged, so who runs it is not known. */
    boolean entryLost;

    Optional<InstancePhase> observedPhase = Optional.empty();
    /** The start to answer once its entry is on disk. */
    @Nullable PendingAck pendingStart;

    private volatile boolean cancelled;

    /** A command that is not answered yet, and who sent it. */
    record PendingAck(ControllerSink from, long sequence) {}

    Instance(LedgerEntry entry, Stage stage, long createdAtNanos) {
        this.id = entry.id();
        this.entry = entry;
        this.stage = stage;
        this.createdAtNanos = createdAtNanos;
        this.nextLookAtNanos = createdAtNanos;
        this.driver = entry.launch().map(launch -> launch.handle().driver());
    }

    boolean ended() {
        return stage == Stage.ENDED;
    }

    /** It is to end: by order of the leader, or since the host's lease has lapsed. */
    boolean toEnd() {
        return lapsed || entry.stop().isPresent();
    }

    /** It is to end, and not by the ladder. */
    boolean toBeKilled() {
        return lapsed
                || entry.stop()
                        .map(StopOrder::kind)
                        .filter(StopOrder.Kind.KILL::equals)
                        .isPresent();
    }

    Optional<Launch> launch() {
        return entry.launch();
    }

    long createdAtNanos() {
        return createdAtNanos;
    }

    /** May be read by any thread. */
    boolean cancelled() {
        return cancelled;
    }

    void cancel() {
        cancelled = true;
    }
}
