package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.model.VmState;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstanceReport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/** Agents' streams: who is connected, what they report, and what follows. Belongs to the control thread. */
final class Hosts {
    private final Welcomes welcomes;
    private final Admission admission;
    private final Promises promises;
    private final FreezeRound freezes;
    private final HostJudge judge;
    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final InstanceReports reports;
    private final RecoveryWatch recovery;
    private final HostCorrections corrections;
    private final Consumer<Unit> pipeline;
    private final Map<AgentSession, HostEntry> bySession = new HashMap<>();

    Hosts(
            Welcomes welcomes,
            Admission admission,
            Promises promises,
            FreezeRound freezes,
            HostJudge judge,
            ClusterEditor cluster,
            VmSteps steps,
            InstanceReports reports,
            RecoveryWatch recovery,
            HostCorrections corrections,
            Consumer<Unit> pipeline) {
        this.welcomes = welcomes;
        this.admission = admission;
        this.promises = promises;
        this.freezes = freezes;
        this.judge = judge;
        this.cluster = cluster;
        this.steps = steps;
        this.reports = reports;
        this.recovery = recovery;
        this.corrections = corrections;
        this.pipeline = pipeline;
    }

    /**
     * An agent presents itself: it is refused, or welcomed and everything that it runs is compared with the records.
     *
     * @param welcome whether it is still to be welcomed
     */
    void connected(AgentSession session, Hello hello, Greeting welcome) {
        HostEntry host;
        Unit unit = new Unit();
        try {
            host = admission.admit(hello, unit);
        } catch (KelpieException e) {
            cluster.events().add("host/" + hello.getHostName(), "HostRefused", String.valueOf(e.getMessage()));
            promises.leases().ended(hello.getHostId(), session);
            session.close(e);
            return;
        }
        if (host.session != null) {
            drop(host.session);
        }
        host.session = session;
        host.admittedNanos = cluster.nowNanos();
        host.bootId = hello.getBootId();
        host.agentVersion = hello.getVersion();
        host.fault = "";
        bySession.put(session, host);
        Set<HostEntry.InstanceKey> condemned = Set.copyOf(host.condemned);
        for (HostEntry.InstanceKey gone : Set.copyOf(host.instances.keySet())) {
            noInstance(host, gone);
        }
        if (welcome == Greeting.OWED) {
            Runnable freeze = freezes.admission(host);
            unit.then(() -> welcome(host, session, freeze));
        }
        judge.judge(host);
        hello.getInstancesList().forEach(report -> remember(host, report));
        condemned.stream().filter(host.instances::containsKey).forEach(host.condemned::add);
        corrections.compare(host, hello.getInstancesList(), unit);
        recovery.heard(host, unit);
        unit.then(() -> cluster.publish(host));
        pipeline.accept(unit);
    }

    /** Compares all that hosts have said with the records: what was held back while those may have been old follows. */
    void compareAll() {
        for (HostEntry host : List.copyOf(cluster.hosts())) {
            if (host.session != null) {
                Unit unit = new Unit();
                corrections.compare(host, List.copyOf(host.instances.values()), unit);
                unit.then(() -> cluster.publish(host));
                pipeline.accept(unit);
            }
        }
    }

    /** Whether a stream still has to be welcomed. */
    enum Greeting {
        OWED,
        DONE
    }

    private void welcome(HostEntry host, AgentSession session, Runnable freeze) {
        if (host.session == session) {
            session.send(welcomes.message(cluster.controllerSet().getSet()));
            freeze.run();
            promises.leases().admit(host.id(), host.bootId, session);
        }
    }

    /** The first grant of a lineage: starts that wait for it are sent. */
    void leased(ControlEvent.HostLeased event) {
        HostEntry host = cluster.host(event.hostId()).orElse(null);
        if (host == null || host.session != event.stream()) {
            return;
        }
        judge.judge(host);
        Unit unit = new Unit(); // behind whatever is not durable yet
        for (UUID id : host.placed()) {
            cluster.vm(id)
                    .filter(vm -> vm.state() == VmState.PLACED && vm.record().getLeased())
                    .ifPresent(vm -> unit.then(() -> steps.resend(vm)));
        }
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

    /** The host has fetched images: seen, and never stored. */
    void images(AgentSession session) {
        hostOf(session).ifPresent(cluster::publish);
    }

    /** What the host has has changed. */
    void capacity(AgentSession session, HostCapacity capacity) {
        hostOf(session)
                .filter(host -> !host.record().getCapacity().equals(capacity))
                .ifPresent(host -> {
                    Unit unit = new Unit();
                    cluster.putHost(
                            host,
                            host.record().toBuilder().setCapacity(capacity).build(),
                            unit);
                    pipeline.accept(unit);
                });
    }

    /** A stream has ended. */
    void closed(AgentSession session) {
        HostEntry host = bySession.remove(session);
        if (host != null && host.session == session) {
            host.session = null;
            judge.judge(host);
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
            corrections.changed(host, report, unit);
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
            unit.then(() -> cluster.publish(host));
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
                    reports.lost(host, vm, ack.getMessage(), unit);
                }
            }
            case PENDING, STARTING, RUNNING, MIGRATING, STOPPED, FAILED, DELETED -> {}
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

    private void remember(HostEntry host, InstanceReport report) {
        host.instances.put(HostEntry.InstanceKey.of(report), report);
        cluster.vm(UUID.fromString(report.getVmId())).ifPresent(vm -> vm.hostsWithInstances.add(host.id()));
    }

    private void noInstance(HostEntry host, HostEntry.InstanceKey key) {
        host.instances.remove(key);
        host.orphans.remove(key);
        host.condemned.remove(key);
        boolean others =
                host.instances.keySet().stream().anyMatch(other -> other.vmId().equals(key.vmId()));
        if (!others) {
            cluster.vm(key.vmId()).ifPresent(vm -> vm.hostsWithInstances.remove(host.id()));
        }
    }

    private Optional<HostEntry> hostOf(AgentSession session) {
        return Optional.ofNullable(bySession.get(session));
    }
}
