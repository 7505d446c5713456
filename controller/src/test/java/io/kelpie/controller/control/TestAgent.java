package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.lease.Question;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.LeaseGrant;
import io.kelpie.proto.v1.Pool;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** An agent as the control loop sees it: it notes what it is sent and reports what the test says. */
public final class TestAgent implements AgentSession {
    private static final long UNTIL_THAW_NANOS = TimeUnit.DAYS.toNanos(1_000);
    private static final long HEARTBEAT_NANOS = LeaseTimes.DEFAULT.heartbeat().toNanos();
    private static final long LEASE_NANOS = LeaseTimes.DEFAULT.lease().toNanos();

    private final ControlQueue queue;
    private final Leases leases;
    private final TestTime time;
    private final String name;
    private final Map<String, String> labels = new TreeMap<>();
    private final List<ConnectResponse> received = new ArrayList<>();
    private final List<InstanceReport> reports = new ArrayList<>();
    private final List<InstanceReport> ledger = new ArrayList<>();
    private Optional<KelpieException> closed = Optional.empty();
    private String bootId = "boot-1";
    private String clusterUuid = "";
    private int memoryMib = 4096;
    private int cpus = 4;
    private long highestEpoch;
    private long sequence;
    private boolean connected;
    private boolean silent;
    private boolean canLease;
    private long heardNanos;
    private long asked;
    private long askedNanos;
    private boolean untilThaw;
    private long lineage;
    private OptionalLong leaseEndNanos = OptionalLong.empty();
    private final List<LeaseGrant> grants = new ArrayList<>();

    public TestAgent(ControlQueue queue, Leases leases, TestTime time, String name) {
        this.queue = queue;
        this.leases = leases;
        this.time = time;
        this.name = name;
    }

    public TestAgent memoryMib(int mib) {
        memoryMib = mib;
        return this;
    }

    public TestAgent cpus(int count) {
        cpus = count;
        return this;
    }

    /** One of its labels. */
    public TestAgent label(String key, String value) {
        labels.put(key, value);
        return this;
    }

    /** Does what it was told since the last call: starts run, stops end. */
    public void obey() {
        for (Command command : takeCommands()) {
            if (command.hasStart()) {
                accept(command);
                runs(command);
            } else if (command.hasStop()) {
                stopped(command);
            }
        }
    }

    /** Its driver can run leased instances. */
    public TestAgent canLease() {
        canLease = true;
        return this;
    }

    public TestAgent bootId(String id) {
        bootId = id;
        return this;
    }

    public TestAgent clusterUuid(String uuid) {
        clusterUuid = uuid;
        return this;
    }

    /** An instance that the host has when it connects. */
    public TestAgent has(String vmId, long incarnation, InstancePhase phase) {
        ledger.add(report(vmId, incarnation, phase).build());
        return this;
    }

    /** What it says of the size of an instance that it has. */
    public TestAgent sized(String vmId, int vcpus, long memory) {
        ledger.replaceAll(instance -> instance.getVmId().equals(vmId)
                ? instance.toBuilder().setVcpus(vcpus).setMemoryMib(memory).build()
                : instance);
        return this;
    }

    /** What it says of the name of an instance that it has. */
    public TestAgent named(String vmId, String namespace, String job, String vmName) {
        ledger.replaceAll(instance -> instance.getVmId().equals(vmId)
                ? instance.toBuilder()
                        .setNamespace(namespace)
                        .setJob(job)
                        .setVmName(vmName)
                        .build()
                : instance);
        return this;
    }

    /** The highest epoch that it says to have obeyed. */
    public TestAgent highestEpoch(long epoch) {
        highestEpoch = epoch;
        return this;
    }

    /** An instance changes by itself. */
    public void reports(String vmId, long incarnation, InstancePhase phase) {
        send(report(vmId, incarnation, phase));
    }

    /** It has removed an instance. */
    public void forgot(String vmId, long incarnation) {
        queue.add(new ControlEvent.AckReceived(
                this,
                CommandAck.newBuilder()
                        .setVmId(vmId)
                        .setIncarnation(incarnation)
                        .setOutcome(CommandAck.Outcome.OUTCOME_ACCEPTED)
                        .setForgotten(true)
                        .build()));
    }

    public String hostId() {
        return hostId(name);
    }

    /** The id of the host of a name. */
    public static String hostId(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }

    public void connect() {
        connected = true;
        silent = false;
        queue.add(new ControlEvent.AgentConnected(this, hello()));
    }

    /** What it says first. */
    public Hello hello() {
        return Hello.newBuilder()
                .setHostId(hostId())
                .setHostName(name)
                .setBootId(bootId)
                .setClusterUuid(clusterUuid)
                .setHighestEpoch(highestEpoch)
                .setVersion("test")
                .putAllLabels(labels)
                .setCapacity(HostCapacity.newBuilder().setCpus(cpus).setMemoryMib(memoryMib))
                .setCapabilities(HostCapabilities.newBuilder()
                        .addDrivers(DriverInfo.newBuilder()
                                .setDriver(DriverChoice.DRIVER_CHOICE_QEMU)
                                .setUsable(true)
                                .setCanLease(canLease))
                        .addPools(Pool.newBuilder()
                                .setName("default")
                                .setTotalMib(100_000)
                                .setFreeMib(90_000)))
                .addAllInstances(ledger)
                .build();
    }

    /** Its stream is open, and nothing comes any more. */
    public void fallSilent() {
        silent = true;
        heardNanos = time.nanoTime();
    }

    /** It is heard again. */
    public void wakeUp() {
        silent = false;
    }

    /** Asks for its lease, once a heartbeat interval; after a lapse under a new lineage. */
    public void ask() {
        long now = time.nanoTime();
        boolean lapsed = leaseEndNanos.isPresent() && now - leaseEndNanos.getAsLong() >= 0;
        boolean due = asked == 0 || lapsed || now - askedNanos >= HEARTBEAT_NANOS;
        if (!connected || silent || closed.isPresent() || !due) {
            return;
        }
        if (lapsed) {
            leaseEndNanos = OptionalLong.empty();
        }
        boolean opens = leaseEndNanos.isEmpty();
        if (opens) {
            lineage = Math.max(lineage + 1, now);
        }
        asked++;
        askedNanos = now;
        leases.question(hostId(), this, new Question(bootId, asked, lineage, opens, untilThaw));
    }

    /** Goes on with the lease of another stream of the same host. */
    public TestAgent holding(TestAgent former) {
        untilThaw = former.untilThaw;
        lineage = former.lineage;
        leaseEndNanos = former.leaseEndNanos;
        return this;
    }

    /** Whether the lease that it holds has no end before a thaw. */
    public boolean untilThaw() {
        return untilThaw;
    }

    /** Grants received so far. */
    public List<LeaseGrant> grants() {
        return grants;
    }

    public long lineage() {
        return lineage;
    }

    private void granted(LeaseGrant grant) {
        grants.add(grant);
        if (grant.getSequence() == asked && grant.getLineage() == lineage) {
            untilThaw = grant.getUntilThaw();
            leaseEndNanos = OptionalLong.of(askedNanos + (untilThaw ? UNTIL_THAW_NANOS : LEASE_NANOS));
        }
    }

    public void disconnect() {
        connected = false;
        leases.ended(hostId(), this);
        queue.add(new ControlEvent.AgentClosed(this));
    }

    public void accept(Command command) {
        ack(command, CommandAck.Outcome.OUTCOME_ACCEPTED, "");
    }

    public void refuse(Command command, String why) {
        ack(command, CommandAck.Outcome.OUTCOME_REFUSED, why);
    }

    private void ack(Command command, CommandAck.Outcome outcome, String why) {
        queue.add(new ControlEvent.AckReceived(
                this,
                CommandAck.newBuilder()
                        .setVmId(command.getVmId())
                        .setIncarnation(command.getIncarnation())
                        .setSequence(command.getSequence())
                        .setOutcome(outcome)
                        .setMessage(why)
                        .setForgotten(command.hasForget())
                        .build()));
    }

    /** It runs, with disks that outlive it. */
    public void runsWithKeptDisks(Command start) {
        send(report(start.getVmId(), start.getIncarnation(), InstancePhase.INSTANCE_PHASE_RUNNING)
                .setKeptDisks(true));
    }

    public void runs(Command start) {
        send(report(start.getVmId(), start.getIncarnation(), InstancePhase.INSTANCE_PHASE_RUNNING));
    }

    /** It has ended as it was told to. */
    public void stopped(Command stop) {
        exits(
                stop,
                InstanceExit.newBuilder()
                        .setIncarnation(stop.getIncarnation())
                        .setReason(ExitReason.EXIT_REASON_STOPPED)
                        .build());
    }

    public void exits(Command start, InstanceExit exit) {
        send(report(start.getVmId(), start.getIncarnation(), InstancePhase.INSTANCE_PHASE_EXITED)
                .setExit(exit));
    }

    private void send(InstanceReport.Builder report) {
        reports.add(report.build());
        queue.add(new ControlEvent.ReportsReady(this));
    }

    private InstanceReport.Builder report(String vmId, long incarnation, InstancePhase phase) {
        return InstanceReport.newBuilder()
                .setVmId(vmId)
                .setIncarnation(incarnation)
                .setSequence(++sequence)
                .setPhase(phase);
    }

    /** Commands received since the last call. */
    public List<Command> takeCommands() {
        List<Command> commands = received.stream()
                .filter(ConnectResponse::hasCommand)
                .map(ConnectResponse::getCommand)
                .toList();
        received.clear();
        return commands;
    }

    /** Names of VMs that it was told to start since the last call for commands. */
    public List<String> takeStarted() {
        return takeCommands().stream()
                .filter(Command::hasStart)
                .map(command -> command.getStart().getVmName())
                .distinct()
                .toList();
    }

    /** All messages received since the last call. */
    public List<ConnectResponse> takeMessages() {
        List<ConnectResponse> messages = List.copyOf(received);
        received.clear();
        return messages;
    }

    public Optional<KelpieException> closedFor() {
        return closed;
    }

    @Override
    public void send(ConnectResponse message) {
        if (message.hasLeaseGrant()) {
            granted(message.getLeaseGrant());
        } else {
            received.add(message);
        }
    }

    @Override
    public void close(KelpieException reason) {
        closed = Optional.of(reason);
    }

    @Override
    public long lastHeardNanos() {
        return silent ? heardNanos : time.nanoTime();
    }

    @Override
    public List<InstanceReport> takeReports() {
        List<InstanceReport> taken = List.copyOf(reports);
        reports.clear();
        return taken;
    }

    @Override
    public List<Pool> pools() {
        return List.of();
    }
}
