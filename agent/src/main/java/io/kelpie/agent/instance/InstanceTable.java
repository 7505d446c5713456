package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.instance.Instance.Stage;
import io.kelpie.agent.instance.InstanceEnd.Reason;
import io.kelpie.agent.instance.InstanceManager.Surroundings;
import io.kelpie.agent.instance.LedgerEntry.Phase;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances of this host, and what everybody who acts on them needs: their ledger, the answers and reports to the
 * leader, the end of an instance. Belongs to the loop.
 */
final class InstanceTable {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceTable.class);

    final Surroundings with;
    final Lanes<InstanceId> ledgerLanes;
    final Lanes<UUID> vmLanes;
    final Map<InstanceId, Instance> instances = new LinkedHashMap<>();
    /** Per VM, the highest incarnation that was refused or forgotten. */
    final Map<UUID, Long> refusedUpTo = new HashMap<>();

    private final String hostId;
    private @Nullable ControllerSink sink;
    private long nextSequence;

    InstanceTable(Surroundings with, String hostId, long firstSequence) {
        this.with = with;
        this.hostId = hostId;
        this.nextSequence = firstSequence;
        this.ledgerLanes = new Lanes<>(with.workers(), 1);
        this.vmLanes = new Lanes<>(with.workers(), 1);
    }

    List<InstanceReport> attach(ControllerSink newSink) {
        sink = newSink;
        List<InstanceReport> reports = new ArrayList<>();
        for (Instance instance : instances.values()) {
            if (instance.stage != Stage.RECORDING) {
                reports.add(reportOf(instance));
            }
        }
        return reports;
    }

    void detach(ControllerSink oldSink) {
        if (sink == oldSink) {
            sink = null;
        }
    }

    boolean isPresent(ControllerSink from) {
        return from == sink;
    }

    private InstanceReport reportOf(Instance instance) {
        return Reports.of(instance, nextSequence++, hostId);
    }

    Instance add(LedgerEntry entry, Stage stage) {
        Instance instance = new Instance(entry, stage, with.time().nanoTime());
        instances.put(entry.id(), instance);
        observe(instance);
        return instance;
    }

    void endWithoutProcess(Instance instance, Reason reason, String message) {
        end(
                instance,
                instance.entry.exited(
                        InstanceEnd.withoutProcess(reason, message, with.time().wallMillis())));
    }

    InstanceEnd endOf(Instance instance, ExitInfo exit, Optional<StopRung> rung) {
        long now = with.time().wallMillis();
        if (instance.lapsed && instance.entry.stop().isEmpty()) {
            return InstanceEnd.lapsed(exit, rung, now);
        }
        boolean commanded = rung.isPresent() || instance.toEnd() && exit.cause() == ExitInfo.Cause.COMMANDED;
        return commanded ? InstanceEnd.commanded(exit, rung, now) : InstanceEnd.of(exit, now);
    }

    void end(Instance instance, LedgerEntry ended) {
        boolean ran = ended.phase() == Phase.EXITED && ended.launch().isPresent();
        instance.entry = ended;
        instance.stage = Stage.ENDED;
        instance.power = InstanceStatus.Power.GONE;
        instance.pid = 0;
        instance.message = "";
        instance.startingSinceNanos = Optional.empty();
        instance.cancel();
        observe(instance);
        if (ran) {
            InstanceEnd how = ended.end().orElseThrow();
            with.observer().exited(how.reason());
            LOG.info("instance {} ({}) has ended, {}: {}", instance.id, ended.vmName(), how.reason(), how.message());
        }
        if (ended.leased()) {
            with.lease().leasedEnded();
        }
        write(instance, () -> report(instance), failure -> {
            // It has ended whatever the ledger says; adoption would find the same.
            LOG.error("cannot record the end of instance {}", instance.id, failure);
            report(instance);
        });
    }

    interface OnFailure {
        void failed(Exception failure);
    }

    void write(Instance instance, Runnable written, OnFailure onFailure) {
        LedgerEntry entry = instance.entry;
        ledgerLanes.submit(
                instance.id,
                "record " + instance.id,
                () -> {
                    with.ledger().write(entry);
                    return true;
                },
                outcome -> outcome.handle(done -> written.run(), onFailure::failed));
    }

    void report(Instance instance) {
        observe(instance);
        ControllerSink to = sink;
        if (to != null && instance.stage != Stage.RECORDING) {
            to.report(reportOf(instance));
        }
    }

    void observe(Instance instance) {
        Optional<InstancePhase> phase = Optional.of(Reports.phase(instance));
        if (!phase.equals(instance.observedPhase)) {
            with.observer().phase(instance.observedPhase, phase);
            instance.observedPhase = phase;
        }
    }

    void accept(Command command, ControllerSink to) {
        idOf(command).ifPresent(id -> ack(to, answer(id, command.getSequence(), CommandAck.Outcome.OUTCOME_ACCEPTED)));
    }

    void refuse(Command command, ControllerSink to, String message) {
        LOG.info(
                "refused {} of {}/{}: {}",
                command.getActionCase(),
                command.getVmId(),
                command.getIncarnation(),
                message);
        ack(
                to,
                CommandAck.newBuilder()
                        .setVmId(command.getVmId())
                        .setIncarnation(command.getIncarnation())
                        .setSequence(command.getSequence())
                        .setOutcome(CommandAck.Outcome.OUTCOME_REFUSED)
                        .setMessage(message)
                        .setForgotten(command.hasForget())
                        .build());
    }

    /** Answers only when the refusal is on disk: who gets the answer may start the VM elsewhere. */
    void refuseForGood(InstanceId id, Command command, ControllerSink to, String message) {
        refused(id);
        with.workers()
                .submit(
                        "refuse " + id,
                        () -> {
                            with.ledger().refuseUpTo(id.vmId(), id.incarnation());
                            return true;
                        },
                        outcome -> outcome.handle(
                                done -> refuse(command, to, message),
                                failure -> LOG.error(
                                        "cannot record that instance {} is refused; no answer is sent", id, failure)));
    }

    /** From now on the incarnation is not started, nor any below it. */
    void refused(InstanceId id) {
        long before = refusedUpTo.getOrDefault(id.vmId(), 0L);
        refusedUpTo.put(id.vmId(), with.lease().rules().refusedUpTo(before, id.incarnation()));
    }

    void ack(ControllerSink to, CommandAck ack) {
        if (to == sink) {
            to.ack(ack);
        }
    }

    static CommandAck answer(InstanceId id, long sequence, CommandAck.Outcome outcome) {
        return CommandAck.newBuilder()
                .setVmId(id.vmId().toString())
                .setIncarnation(id.incarnation())
                .setSequence(sequence)
                .setOutcome(outcome)
                .build();
    }

    Optional<Instance> activeOf(UUID vmId) {
        return instances.values().stream()
                .filter(instance -> instance.id.vmId().equals(vmId) && !instance.ended())
                .findFirst();
    }

    long highestOf(UUID vmId) {
        long known = instances.keySet().stream()
                .filter(id -> id.vmId().equals(vmId))
                .mapToLong(InstanceId::incarnation)
                .max()
                .orElse(0);
        return Math.max(known, refusedUpTo.getOrDefault(vmId, 0L));
    }

    VmDriver driver(DriverKind kind) {
        VmDriver driver = with.drivers().get(kind);
        if (driver == null) {
            throw new IllegalStateException("driver " + kind + " is not enabled");
        }
        return driver;
    }

    static Optional<InstanceId> idOf(Command command) {
        try {
            return Optional.of(new InstanceId(UUID.fromString(command.getVmId()), command.getIncarnation()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    void endBeforeStart(Instance instance) {
        boolean stopped = instance.entry.stop().isPresent();
        InstanceEnd end = new InstanceEnd(
                stopped ? Reason.STOPPED : Reason.LEASE_ENDED,
                0,
                0,
                Optional.of(StopRung.ALREADY_GONE),
                stopped
                        ? "stopped before the hypervisor was started"
                        : "the host's lease ended before the hypervisor was started",
                "",
                "",
                with.time().wallMillis());
        end(instance, instance.entry.exited(end));
    }
}
