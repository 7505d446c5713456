package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.lifecycle.HostHealth;
import io.kelpie.controller.model.InstancePhase;
import io.kelpie.controller.model.ObservedInstance;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.reconcile.HostCorrection;
import io.kelpie.controller.reconcile.Reconciler;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Welcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Agents' streams: who is connected, what they report, and what follows. Belongs to the control thread. */
final class Hosts {
    /** Interval of heartbeats, in milliseconds. */
    static final int HEARTBEAT_MILLIS = 1_000;

    /** Longest silence of a host that is READY. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(3L * HEARTBEAT_MILLIS);

    private final String clusterUuid;
    private final long epoch;
    private final List<String> controllers;
    private final Admission admission;
    private final ClusterEditor cluster;
    private final Commands commands;
    private final VmSteps steps;
    private final InstanceReports reports;
    private final Consumer<Unit> pipeline;
    private final Map<AgentSession, HostEntry> bySession = new HashMap<>();
    private final Map<HostEntry, HostHealth> health = new HashMap<>();

    Hosts(
            String clusterUuid,
            long epoch,
            List<String> controllers,
            ClusterEditor cluster,
            Commands commands,
            VmSteps steps,
            InstanceReports reports,
            Consumer<Unit> pipeline) {
        this.clusterUuid = clusterUuid;
        this.epoch = epoch;
        this.admission = new Admission(clusterUuid, epoch, cluster);
        this.controllers = List.copyOf(controllers);
        this.cluster = cluster;
        this.commands = commands;
        this.steps = steps;
        this.reports = reports;
        this.pipeline = pipeline;
    }

    /** An agent presents itself: it is refused, or welcomed and everything that it runs is compared with the records. */
    void connected(AgentSession session, Hello hello) {
        HostEntry host;
        Unit unit = new Unit();
        try {
            host = admission.admit(hello, unit);
        } catch (KelpieException e) {
            cluster.events().add("host/" + hello.getHostName(), "HostRefused", String.valueOf(e.getMessage()));
            session.close(e);
            return;
        }
        if (host.session != null) {
            drop(host.session);
        }
        host.session = session;
        host.bootId = hello.getBootId();
        host.agentVersion = hello.getVersion();
        host.faulty = false;
        bySession.put(session, host);
        for (HostEntry.InstanceKey gone : Set.copyOf(host.instances.keySet())) {
            noInstance(host, gone);
        }
        ConnectResponse welcome = ConnectResponse.newBuilder()
                .setWelcome(Welcome.newBuilder()
                        .setClusterUuid(clusterUuid)
                        .setEpoch(epoch)
                        .setHeartbeatMillis(HEARTBEAT_MILLIS)
                        .addAllControllers(controllers))
                .build();
        unit.then(() -> session.send(welcome));
        judge(host);
        hello.getInstancesList().forEach(report -> remember(host, report));
        compare(host, hello.getInstancesList(), unit);
        pipeline.accept(unit);
    }

    /** What the host can do has changed. */
    void capabilities(AgentSession session, HostCapabilities capabilities) {
        hostOf(session).ifPresent(host -> {
            Unit unit = new Unit();
            admission.putCapabilities(host, capabilities, unit);
            pipeline.accept(unit);
        });
    }

    /** A stream has ended. */
    void closed(AgentSession session) {
        HostEntry host = bySession.remove(session);
        if (host != null && host.session == session) {
            host.session = null;
            judge(host);
        }
    }

    private void drop(AgentSession session) {
        bySession.remove(session);
        session.close(
                new KelpieException(ErrorReason.ERROR_REASON_HOST_ID_IN_USE, "the host has opened a newer stream"));
    }

    /** Ends all streams: the term is over. */
    void closeAll(KelpieException reason) {
        List.copyOf(bySession.keySet()).forEach(session -> session.close(reason));
        bySession.clear();
    }

    /** Instances have changed. */
    void reported(AgentSession session) {
        HostEntry host = hostOf(session).orElse(null);
        if (host == null) {
            return;
        }
        for (InstanceReport report : session.takeReports()) {
            Unit unit = new Unit();
            remember(host, report);
            for (HostCorrection correction :
                    Reconciler.host(host.id(), List.of(observed(report)), this::known, List.of())) {
                correct(host, correction, report, unit);
            }
            pipeline.accept(unit);
        }
    }

    /** An agent has answered a command. */
    void acknowledged(AgentSession session, CommandAck ack) {
        HostEntry host = hostOf(session).orElse(null);
        if (host == null) {
            return;
        }
        UUID vmId = UUID.fromString(ack.getVmId());
        Unit unit = new Unit();
        if (ack.getForgotten() && ack.getOutcome() == CommandAck.Outcome.OUTCOME_ACCEPTED) {
            noInstance(host, new HostEntry.InstanceKey(vmId, ack.getIncarnation()));
        }
        VmEntry vm = cluster.vm(vmId).orElse(null);
        if (vm != null && vm.record().getIncarnation() == ack.getIncarnation()) {
            answered(host, vm, ack, unit);
        }
        pipeline.accept(unit);
    }

    private void answered(HostEntry host, VmEntry vm, CommandAck ack, Unit unit) {
        boolean accepted = ack.getOutcome() == CommandAck.Outcome.OUTCOME_ACCEPTED;
        if (vm.state() == VmState.DELETED) {
            if (accepted && ack.getForgotten() && vm.record().getStorageHostId().equals(host.id())) {
                cluster.removeVm(vm, unit);
            }
            return;
        }
        if (ack.getForgotten() || !vm.record().getHostId().equals(host.id())) {
            return; // what a host says of its files says nothing of whether the instance runs
        }
        switch (vm.state()) {
            case PLACED -> {
                if (accepted) {
                    reports.accepted(host, vm, InstanceReport.getDefaultInstance(), unit);
                } else {
                    InstanceExit exit = InstanceExit.newBuilder()
                            .setMessage(ack.getMessage())
                            .setAtMillis(cluster.nowMillis())
                            .build();
                    reports.rejected(host, vm, exit, ack.getField(), unit);
                }
            }
            case STOPPING, EVICTING, DELETING -> {
                if (!accepted) {
                    reports.exited(host, vm, lost(ack.getMessage()), unit);
                }
            }
            case PENDING, STARTING, RUNNING, MIGRATING, STOPPED, FAILED, DELETED -> {}
        }
    }

    private void compare(HostEntry host, List<InstanceReport> instances, Unit unit) {
        Map<HostEntry.InstanceKey, InstanceReport> byKey = new HashMap<>();
        List<ObservedInstance> observed = new ArrayList<>();
        for (InstanceReport report : instances) {
            byKey.put(key(report), report);
            observed.add(observed(report));
        }
        Set<VmEntry> here = new LinkedHashSet<>();
        for (VmEntry vm : cluster.vms()) {
            if (vm.record().getHostId().equals(host.id())
                    || vm.record().getStorageHostId().equals(host.id())) {
                here.add(vm);
            }
        }
        List<Vm> ofHost = here.stream().map(vm -> Records.vm(vm.record())).toList();
        for (HostCorrection correction : Reconciler.host(host.id(), observed, this::known, ofHost)) {
            if (correction instanceof HostCorrection.Report report) {
                HostEntry.InstanceKey key = new HostEntry.InstanceKey(
                        report.vmId(), report.instance().incarnation());
                correct(host, correction, byKey.getOrDefault(key, InstanceReport.getDefaultInstance()), unit);
            } else {
                correct(host, correction, InstanceReport.getDefaultInstance(), unit);
            }
        }
    }

    private void correct(HostEntry host, HostCorrection correction, InstanceReport report, Unit unit) {
        VmEntry vm = cluster.vm(correction.vmId()).orElse(null);
        if (correction instanceof HostCorrection.Report && vm != null) {
            reports.observed(host, vm, report, unit);
            forgetOlder(host, vm, unit);
        } else if (correction instanceof HostCorrection.KillStale stale) {
            send(host, commands.kill(stale.vmId(), stale.incarnation(), vm == null ? 0 : vm.version()), unit);
        } else if (correction instanceof HostCorrection.Forget forget) {
            switch (forget.scope()) {
                case INSTANCE -> send(host, commands.forgetInstance(forget.vmId(), forget.incarnation(), 0), unit);
                case VM, VM_AND_KEPT_DISKS -> {
                    if (vm != null) {
                        send(host, commands.forgetVm(vm), unit);
                    }
                }
            }
        } else if (correction instanceof HostCorrection.ReportLost && vm != null) {
            reports.exited(host, vm, lost("the host does not know the instance any more"), unit);
        } else if ((correction instanceof HostCorrection.ResendStart || correction instanceof HostCorrection.ResendStop)
                && vm != null) {
            unit.then(() -> steps.resend(vm));
        }
    }

    /** Once an instance runs, the ended ones before it are of no use any more, wherever they lie. */
    private void forgetOlder(HostEntry present, VmEntry vm, Unit unit) {
        if (vm.state() != VmState.RUNNING) {
            return;
        }
        for (String hostId : List.copyOf(vm.hostsWithInstances)) {
            HostEntry host =
                    hostId.equals(present.id()) ? present : cluster.host(hostId).orElse(null);
            if (host == null) {
                continue;
            }
            for (InstanceReport report : host.instances.values()) {
                boolean older = report.getVmId().equals(vm.record().getVmId())
                        && report.getIncarnation() < vm.record().getIncarnation();
                if (older && observed(report).phase().hasEnded()) {
                    send(host, commands.forgetInstance(vm.id(), report.getIncarnation(), vm.version()), unit);
                }
            }
        }
    }

    /** Hands a message to a host, if it is connected. */
    void send(ControlEvent.HostMessage message) {
        Optional<HostEntry> host = cluster.host(message.hostId());
        AgentSession session = host.map(found -> found.session).orElse(null);
        if (session != null) {
            session.send(message.message());
            message.sent().complete(null);
        } else {
            String name = host.map(HostEntry::name).orElse(message.hostId());
            message.sent()
                    .completeExceptionally(new KelpieException(
                            ErrorReason.ERROR_REASON_HOST_UNREACHABLE,
                            "host " + name + " is not connected",
                            "look at its agent: kelpie describe host " + name,
                            Map.of("host", name)));
        }
    }

    private void send(HostEntry host, ConnectResponse message, Unit unit) {
        unit.then(() -> {
            if (host.session != null) {
                host.session.send(message);
            }
        });
    }

    private InstanceExit lost(String message) {
        return InstanceExit.newBuilder()
                .setReason(ExitReason.EXIT_REASON_LOST)
                .setMessage(message)
                .setAtMillis(cluster.nowMillis())
                .build();
    }

    /** Looks at all hosts; to be called a few times per heartbeat interval. */
    void judgeAll() {
        cluster.hosts().forEach(this::judge);
    }

    private void judge(HostEntry host) {
        AgentSession session = host.session;
        HostHealth before = health.get(host);
        HostHealth now = HostHealth.judge(
                Optional.ofNullable(before),
                session == null ? HostHealth.Stream.CLOSED : HostHealth.Stream.OPEN,
                session != null ? OptionalLong.of(session.lastHeardNanos()) : host.lastHeardNanos,
                cluster.nowNanos(),
                PATIENCE_NANOS);
        if (session != null) {
            host.lastHeardNanos = OptionalLong.of(session.lastHeardNanos());
        }
        health.put(host, now);
        boolean ready = now.status() == HostHealth.Status.READY;
        if (before == null
                || before.status() != now.status()
                || !before.reason().equals(now.reason())) {
            if (host.ready != ready) {
                host.healthSinceMillis = cluster.nowMillis();
                cluster.events().add(host.subject(), ready ? "HostReady" : "HostSuspect", now.reason());
            }
            host.ready = ready;
            host.healthReason = now.reason();
        }
        cluster.publish(host);
    }

    private void remember(HostEntry host, InstanceReport report) {
        host.instances.put(key(report), report);
        cluster.vm(UUID.fromString(report.getVmId())).ifPresent(vm -> vm.hostsWithInstances.add(host.id()));
    }

    private void noInstance(HostEntry host, HostEntry.InstanceKey key) {
        host.instances.remove(key);
        boolean others =
                host.instances.keySet().stream().anyMatch(other -> other.vmId().equals(key.vmId()));
        if (!others) {
            cluster.vm(key.vmId()).ifPresent(vm -> vm.hostsWithInstances.remove(host.id()));
        }
    }

    private Optional<HostEntry> hostOf(AgentSession session) {
        return Optional.ofNullable(bySession.get(session));
    }

    private Optional<Vm> known(UUID vmId) {
        return cluster.vm(vmId).map(vm -> Records.vm(vm.record()));
    }

    private static HostEntry.InstanceKey key(InstanceReport report) {
        return new HostEntry.InstanceKey(UUID.fromString(report.getVmId()), report.getIncarnation());
    }

    private static ObservedInstance observed(InstanceReport report) {
        InstancePhase phase = switch (report.getPhase()) {
            case INSTANCE_PHASE_PREPARING -> InstancePhase.PREPARING;
            case INSTANCE_PHASE_STARTING -> InstancePhase.STARTING;
            case INSTANCE_PHASE_RUNNING -> InstancePhase.RUNNING;
            case INSTANCE_PHASE_STOPPING -> InstancePhase.STOPPING;
            case INSTANCE_PHASE_EXITED -> InstancePhase.EXITED;
            case INSTANCE_PHASE_REJECTED -> InstancePhase.REJECTED;
            // A newer agent's phase: whatever it is, the instance must be taken to be alive.
            case INSTANCE_PHASE_UNSPECIFIED, UNRECOGNIZED -> InstancePhase.RUNNING;
        };
        return new ObservedInstance(UUID.fromString(report.getVmId()), report.getIncarnation(), phase);
    }
}
