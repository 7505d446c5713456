package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.instance.Instance.PendingAck;
import io.kelpie.agent.instance.Instance.Stage;
import io.kelpie.agent.instance.InstanceEnd.Reason;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.StartInstance;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts instances by command: record, prepare, name, run. Belongs to the loop. */
final class StartCommands {
    private static final Logger LOG = LoggerFactory.getLogger(StartCommands.class);

    /** How long a start waits before it looks again whether the lease is long enough. */
    private static final Duration LEASE_WAIT = Duration.ofMillis(100);

    private final InstanceTable table;
    private final StopCommands stops;
    private final InstanceWatch watch;
    private final Adoptions adoptions;

    StartCommands(InstanceTable table, StopCommands stops, InstanceWatch watch, Adoptions adoptions) {
        this.table = table;
        this.stops = stops;
        this.watch = watch;
        this.adoptions = adoptions;
    }

    void start(InstanceId id, Command command, ControllerSink from) {
        Instance known = table.instances.get(id);
        if (known != null) {
            if (known.stage == Stage.RECORDING) {
                known.pendingStart = new PendingAck(from, command.getSequence());
            } else {
                table.accept(command, from);
                table.report(known);
            }
            return;
        }
        StartInstance start = command.getStart();
        if (start.getLeased() && !table.with.lease().mayStart(command.getLineage())) {
            postpone(id, command, from);
            return;
        }
        long highest = table.highestOf(id.vmId());
        if (id.incarnation() <= highest) {
            table.refuseForGood(
                    id,
                    command,
                    from,
                    "incarnation " + id.incarnation() + " is not started: this host has seen, refused or forgotten "
                            + "incarnation " + highest);
            return;
        }
        Optional<Instance> other = table.activeOf(id.vmId());
        if (other.isPresent()) {
            table.refuseForGood(
                    id,
                    command,
                    from,
                    "instance " + other.get().id + " of the same VM may be running on this host. Fix: stop it first");
            return;
        }
        LedgerEntry intent = LedgerEntry.intent(
                        id,
                        start.getVmName(),
                        start.getSpecVersion(),
                        command.getSequence(),
                        table.with.time().wallMillis())
                .withWorkload(workload(start), start.getLeased());
        Instance instance =
                new Instance(intent, Stage.RECORDING, table.with.time().nanoTime());
        instance.lineage = start.getLeased() ? command.getLineage() : 0;
        instance.pendingStart = new PendingAck(from, command.getSequence());
        table.instances.put(id, instance);
        table.ledgerLanes.submit(
                id,
                "record " + id,
                () -> {
                    LedgerEntry entry =
                            intent.withKeptDisks(table.with.provisioner().hasKeptDisks(id.vmId()));
                    table.with.ledger().write(entry);
                    return entry.keptDisks();
                },
                outcome -> outcome.handle(
                        kept -> recorded(instance, start, kept), failure -> notRecorded(instance, command, failure)));
    }

    /** The lease does not allow the start; if one that does is being written, the start waits for that. */
    private void postpone(InstanceId id, Command command, ControllerSink from) {
        boolean kept = table.with.lease().startsOnceWritten(command.getLineage(), () -> {
            if (table.isPresent(from)
                    && command.getEpoch() >= table.with.highestEpoch().getAsLong()) {
                start(id, command, from);
            }
        });
        if (!kept) {
            // No answer: the leader sends it again once it has granted what allows it, or has placed the VM anew.
            LOG.info(
                    "dropped the start of instance {}: it names lineage {}, and the host's lease is another one or too short",
                    id,
                    command.getLineage());
        }
    }

    private static Workload workload(StartInstance start) {
        return new Workload(
                start.getNamespace(),
                start.getJob(),
                start.getTemplate().getVcpus(),
                start.getTemplate().getMemoryMib());
    }

    private void recorded(Instance instance, StartInstance start, boolean keptDisks) {
        instance.entry = instance.entry.withKeptDisks(keptDisks);
        instance.stage = Stage.PREPARING;
        PendingAck pending = instance.pendingStart;
        instance.pendingStart = null;
        if (pending != null) {
            table.ack(
                    pending.from(),
                    InstanceTable.answer(instance.id, pending.sequence(), CommandAck.Outcome.OUTCOME_ACCEPTED));
        }
        if (instance.toEnd()) {
            stops.carryOut(instance);
        } else {
            prepare(instance, start);
        }
    }

    private void notRecorded(Instance instance, Command command, Exception failure) {
        LOG.error("cannot record the start of instance {}", instance.id, failure);
        table.instances.remove(instance.id);
        PendingAck pending = instance.pendingStart;
        if (pending != null) {
            table.refuseForGood(
                    instance.id,
                    command.toBuilder().setSequence(pending.sequence()).build(),
                    pending.from(),
                    "the agent cannot write its ledger: " + Failures.text(failure));
        }
    }

    private void prepare(Instance instance, StartInstance start) {
        StartOrder order;
        try {
            LaunchChoice choice = LaunchChoice.of(
                    start.getTemplate().getDriver(),
                    start.getTemplate().getAcceleration(),
                    start.getLeased() ? LaunchChoice.Need.RUN_LEASED : LaunchChoice.Need.RUN,
                    table.with.host().get());
            instance.driver = Optional.of(choice.driver());
            order = new StartOrder(
                    instance.id,
                    start.getVmName(),
                    start.getTemplate(),
                    choice.driver(),
                    choice.accelerator(),
                    HardwareChoice.of(
                            start.getTemplate(),
                            start.getNumaNodesList(),
                            choice,
                            table.with.host().get().cpus()));
        } catch (StartRejectedException e) {
            reject(instance, e.field(), Failures.text(e));
            return;
        }
        table.report(instance);
        Provisioner provisioner = table.with.provisioner();
        Provisioner.Watcher watcher = new ProgressLimiter(
                table.with.time(),
                instance::cancelled,
                sentence -> table.with.loop().execute(() -> progress(instance, sentence)));
        table.vmLanes.submit(
                instance.id.vmId(),
                "prepare " + instance.id,
                () -> {
                    try {
                        return Preparation.ready(provisioner.prepare(order, watcher));
                    } catch (StartRejectedException e) {
                        return Preparation.rejected(
                                e, provisioner.hasKeptDisks(order.id().vmId()));
                    }
                },
                outcome -> {
                    if (instance.stage == Stage.PREPARING) {
                        outcome.handle(
                                preparation -> prepared(instance, order, preparation),
                                failure -> reject(instance, "", Failures.defect("prepare", instance, failure)));
                    }
                });
    }

    /** What became of a preparation. */
    private record Preparation(
            Optional<LaunchSpec> spec, Optional<StartRejectedException> rejection, boolean keptDisks) {
        static Preparation ready(Provisioner.Prepared prepared) {
            return new Preparation(Optional.of(prepared.spec()), Optional.empty(), prepared.keptDisks());
        }

        static Preparation rejected(StartRejectedException rejection, boolean keptDisks) {
            return new Preparation(Optional.empty(), Optional.of(rejection), keptDisks);
        }
    }

    private void progress(Instance instance, String sentence) {
        if (instance.stage == Stage.PREPARING) {
            instance.message = sentence;
            table.report(instance);
        }
    }

    private void prepared(Instance instance, StartOrder order, Preparation preparation) {
        instance.entry = instance.entry.withKeptDisks(preparation.keptDisks());
        instance.message = "";
        preparation.rejection().ifPresent(rejection -> reject(instance, rejection.field(), Failures.text(rejection)));
        preparation.spec().map(spec -> bound(instance, spec)).ifPresent(spec -> {
            VmDriver driver = table.driver(order.driver());
            DriverHandle handle = driver.handle(spec);
            instance.entry = instance.entry.withLaunch(new Launch(handle, Optional.of(order.accelerator())));
            instance.stage = Stage.STARTING;
            table.write(
                    instance,
                    () -> launch(instance, driver, spec, handle),
                    failure -> reject(
                            instance,
                            "",
                            "the agent cannot write its ledger, so it started nothing: " + Failures.text(failure)));
        });
    }

    private LaunchSpec bound(Instance instance, LaunchSpec spec) {
        return instance.entry.leased() ? spec.leased(table.with.lease().bond(instance.lineage)) : spec;
    }

    private void launch(Instance instance, VmDriver driver, LaunchSpec spec, DriverHandle handle) {
        if (instance.toEnd()) {
            table.endBeforeStart(instance);
            return;
        }
        if (instance.entry.leased() && !table.with.lease().mayStart(instance.lineage)) {
            launchLater(instance, driver, spec, handle);
            return;
        }
        instance.startInFlight = true;
        table.report(instance);
        table.vmLanes.submit(
                instance.id.vmId(), "start " + instance.id, () -> start(instance, driver, spec, handle), outcome -> {
                    instance.startInFlight = false;
                    outcome.handle(
                            status -> status.ifPresentOrElse(
                                    now -> looked(instance, now), () -> launchLater(instance, driver, spec, handle)),
                            failure -> notStarted(instance, failure));
                });
    }

    /** The lease is too short for a start: soon it is extended, or it lapses and ends the instance. */
    private void launchLater(Instance instance, VmDriver driver, LaunchSpec spec, DriverHandle handle) {
        if (instance.toEnd()) {
            table.endBeforeStart(instance);
            return;
        }
        table.with.loop().schedule(LEASE_WAIT, () -> {
            if (instance.stage == Stage.STARTING) {
                launch(instance, driver, spec, handle);
            }
        });
    }

    /** On a worker, which may have waited long. Empty if the lease does not allow the start any more. */
    private Optional<InstanceStatus> start(Instance instance, VmDriver driver, LaunchSpec spec, DriverHandle handle)
            throws DriverException {
        if (spec.lease().isPresent()
                && !table.with.lease().lasts(spec.lease().get().lineage())) {
            return Optional.empty();
        }
        try {
            driver.start(spec);
        } catch (DriverException e) {
            InstanceStatus status = look(driver, instance.id, handle);
            if (spec.lease().isPresent() && isLeaseEnd(status)) {
                return Optional.of(status);
            }
            throw e;
        }
        return Optional.of(look(driver, instance.id, handle));
    }

    /** Its guard has refused to run it, or has ended it before the guest ran. */
    private static boolean isLeaseEnd(InstanceStatus status) {
        return status.exit()
                .map(ExitInfo::cause)
                .filter(ExitInfo.Cause.LEASE_ENDED::equals)
                .isPresent();
    }

    private void looked(Instance instance, InstanceStatus status) {
        if (isLeaseEnd(status)) {
            watch.settle(instance, status);
        } else {
            started(instance, status);
        }
    }

    private void started(Instance instance, InstanceStatus status) {
        table.with
                .observer()
                .started(
                        driverOf(instance), Duration.ofNanos(table.with.time().nanoTime() - instance.createdAtNanos()));
        InstanceStatus now = instance.exitSeen
                .map(exit -> new InstanceStatus(InstanceStatus.Power.GONE, 0, Optional.of(exit)))
                .orElse(status);
        LOG.info("instance {} ({}) runs, pid {}", instance.id, instance.entry.vmName(), now.pid());
        watch.settle(instance, now);
    }

    private void notStarted(Instance instance, Exception failure) {
        table.with.observer().startFailed(driverOf(instance));
        if (failure instanceof DriverException && instance.lapsed) {
            ExitInfo exit = instance.exitSeen.orElseGet(
                    () -> new ExitInfo(ExitInfo.Cause.LEASE_ENDED, 0, 0, Failures.text(failure), ""));
            table.end(instance, instance.entry.exited(table.endOf(instance, exit, Optional.empty())));
        } else if (failure instanceof DriverException e) {
            LOG.warn("instance {} could not be started: {}", instance.id, Failures.text(e));
            table.end(
                    instance,
                    instance.entry.exited(new InstanceEnd(
                            Reason.START_FAILED,
                            instance.exitSeen.map(ExitInfo::exitCode).orElse(0),
                            instance.exitSeen.map(ExitInfo::signal).orElse(0),
                            Optional.empty(),
                            Failures.text(e),
                            e.stderrTail(),
                            "",
                            table.with.time().wallMillis())));
        } else {
            // The driver broke its word, so nobody knows whether there is a process.
            instance.message = Failures.defect("start", instance, failure);
            instance.stage = Stage.ADOPTING;
            adoptions.adopt(instance, () -> {});
        }
    }

    private void reject(Instance instance, String field, String message) {
        LOG.info("instance {} ({}) is rejected: {}", instance.id, instance.entry.vmName(), message);
        table.end(
                instance,
                instance.entry.rejected(
                        InstanceEnd.rejected(field, message, table.with.time().wallMillis())));
    }

    private static DriverKind driverOf(Instance instance) {
        return instance.driver.orElseThrow(() -> new IllegalStateException(instance.id + " has no driver"));
    }

    /** The instance as it is after its driver did something; one that cannot be looked at now is not a failure. */
    private static InstanceStatus look(VmDriver driver, InstanceId id, DriverHandle handle) {
        try {
            return driver.inspect(id, handle);
        } catch (DriverException e) {
            LOG.warn("cannot look at instance {}", id, e);
            return new InstanceStatus(InstanceStatus.Power.UNRESPONSIVE, 0, Optional.empty());
        }
    }
}
