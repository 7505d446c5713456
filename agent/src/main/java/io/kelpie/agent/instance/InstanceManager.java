package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.InstanceReport;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executes the leader's commands, and tells it what becomes of the instances.
 *
 * <p>What holds whatever crashes when:
 *
 * <ul>
 *   <li>A start is on disk before it is acknowledged, and the driver's handle before a process exists. So every process
 *       is found again by the ledger.
 *   <li>An incarnation that was refused, or stopped before it came, or forgotten, never starts later.
 *   <li>A start is refused while another instance of its VM may be running here.
 *   <li>A command counts only if it came by the present stream and under the highest epoch that this host has seen.
 *   <li>A leased instance is started only while the host's lease lasts, under the lineage that its command names. When
 *       the lease has lapsed, all leased instances are ended before another one is asked for.
 *   <li>A stop, once acknowledged, is carried out also by an agent that was started anew.
 * </ul>
 *
 * <p>All methods are called on the {@link AgentLoop} and do not block. One hung hypervisor, image or disk delays no
 * other VM.
 */
public final class InstanceManager {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceManager.class);

    /** How long {@link #recover} waits for drivers. */
    static final Duration ADOPTION_WAIT = Duration.ofSeconds(5);

    private static final Duration PRUNE_INTERVAL = Duration.ofHours(1);
    private static final Duration HIGHEST_AGE_MAX = Duration.ofDays(1);
    private static final int HIGHEST_COUNT_MAX = 100_000;
    /** The wall clock that ages are told by may have been set meanwhile. */
    private static final Duration CLOCK_SLACK = Duration.ofHours(1);

    /**
     * What the manager works with.
     *
     * @param drivers the enabled drivers, in the order of preference
     * @param host what can be started here now
     * @param highestEpoch the highest epoch that this host has seen
     * @param lease the host's lease; begins its work with {@link #recover}
     */
    public record Surroundings(
            AgentLoop loop,
            Workers workers,
            TimeSource time,
            Ledger ledger,
            InstanceFolders folders,
            Provisioner provisioner,
            Map<DriverKind, VmDriver> drivers,
            Supplier<HostStatus> host,
            LongSupplier highestEpoch,
            InstanceObserver observer,
            HostLease lease) {
        public Surroundings {
            drivers = Collections.unmodifiableMap(new LinkedHashMap<>(drivers));
        }
    }

    private final InstanceTable table;
    private final StopCommands stops;
    private final InstanceWatch watch;
    private final Adoptions adoptions;
    private final StartCommands starts;
    private final ForgetCommands forgets;
    private final LeaseBarrier barrier;

    /**
     * @param hostId named in exits
     * @param firstSequence sequence of the first report; higher than that of any report that an earlier process of the
     *     agent has sent during this boot of the host
     */
    public InstanceManager(Surroundings with, String hostId, long firstSequence) {
        this.table = new InstanceTable(with, hostId, firstSequence);
        this.stops = new StopCommands(table);
        this.watch = new InstanceWatch(table, stops);
        this.adoptions = new Adoptions(table, watch);
        this.starts = new StartCommands(table, stops, watch, adoptions);
        this.forgets = new ForgetCommands(table);
        this.barrier = new LeaseBarrier(table, stops);
    }

    /**
     * Takes charge of everything in the ledger. Called once, before anything else.
     *
     * @param settled called on the loop when the state of every instance is known, or after 5 s
     */
    public void recover(Ledger.Contents contents, Runnable settled) {
        watch.start();
        table.refusedUpTo.putAll(contents.highest());
        adoptions.recover(contents, settled);
        table.with.lease().start(barrier);
        prune();
    }

    /**
     * From now on reports go to this stream, and only its commands count.
     *
     * @return the state of every instance
     */
    public List<InstanceReport> attach(ControllerSink newSink) {
        return table.attach(newSink);
    }

    /** The stream has ended. Nothing happens if another one has taken its place. */
    public void detach(ControllerSink oldSink) {
        table.detach(oldSink);
    }

    /** Executes a command that came by the stream. Commands of a stream that is not the present one are dropped. */
    public void execute(Command command, ControllerSink from) {
        if (!table.isPresent(from)) {
            LOG.info("dropped a command for {}/{} of an earlier stream", command.getVmId(), command.getIncarnation());
            return;
        }
        long highest = table.with.highestEpoch().getAsLong();
        if (command.getEpoch() < highest) {
            // Not answered: its sender cannot write any more, and the present leader, which may have sent the same
            // start,
            // would take the answer for one to its own.
            LOG.info(
                    "dropped a command for {}/{}: epoch {} has ended; this host obeys epoch {}",
                    command.getVmId(),
                    command.getIncarnation(),
                    command.getEpoch(),
                    highest);
            return;
        }
        Optional<InstanceId> id = InstanceTable.idOf(command);
        if (id.isEmpty()) {
            table.refuse(
                    command, from, "'" + command.getVmId() + "/" + command.getIncarnation() + "' names no instance");
            return;
        }
        switch (command.getActionCase()) {
            case START -> starts.start(id.get(), command, from);
            case STOP ->
                stops.stop(
                        id.get(),
                        StopOrder.stop(Duration.ofSeconds(command.getStop().getGraceSeconds())),
                        command,
                        from);
            case KILL -> stops.stop(id.get(), StopOrder.kill(), command, from);
            case FORGET -> forgets.forget(id.get(), command, from);
            case ACTION_NOT_SET ->
                table.refuse(
                        command, from, "this agent does not know the command. Fix: make it as new as the controller");
        }
    }

    private void prune() {
        table.with.loop().schedule(PRUNE_INTERVAL, this::prune);
        Ledger.Retention retention = new Ledger.Retention(
                table.with.lease().lineageAge().plus(CLOCK_SLACK), HIGHEST_AGE_MAX, HIGHEST_COUNT_MAX);
        table.with
                .workers()
                .submit(
                        "prune the ledger",
                        () -> table.with.ledger().prune(table.with.time().wallMillis(), retention),
                        outcome -> outcome.handle(
                                pruned -> pruned.forEach((vmId, number) -> table.refusedUpTo.remove(vmId, number)),
                                failure -> LOG.warn("cannot prune the ledger", failure)));
    }
}
