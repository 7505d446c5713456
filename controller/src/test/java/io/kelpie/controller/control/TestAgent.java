package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Pool;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** An agent as the control loop sees it: it notes what it is sent and reports what the test says. */
public final class TestAgent implements AgentSession {
    private final ControlQueue queue;
    private final TestTime time;
    private final String name;
    private final List<ConnectResponse> received = new ArrayList<>();
    private final List<InstanceReport> reports = new ArrayList<>();
    private final List<InstanceReport> ledger = new ArrayList<>();
    private Optional<KelpieException> closed = Optional.empty();
    private String bootId = "boot-1";
    private String clusterUuid = "";
    private int memoryMib = 4096;
    private long sequence;

    public TestAgent(ControlQueue queue, TestTime time, String name) {
        this.queue = queue;
        this.time = time;
        this.name = name;
    }

    public TestAgent memoryMib(int mib) {
        memoryMib = mib;
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

    public String hostId() {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }

    public void connect() {
        queue.add(new ControlEvent.AgentConnected(this, hello()));
    }

    /** What it says first. */
    public Hello hello() {
        return Hello.newBuilder()
                .setHostId(hostId())
                .setHostName(name)
                .setBootId(bootId)
                .setClusterUuid(clusterUuid)
                .setVersion("test")
                .setCapacity(HostCapacity.newBuilder().setCpus(4).setMemoryMib(memoryMib))
                .setCapabilities(HostCapabilities.newBuilder()
                        .addDrivers(DriverInfo.newBuilder()
                                .setDriver(DriverChoice.DRIVER_CHOICE_QEMU)
                                .setUsable(true))
                        .addPools(Pool.newBuilder()
                                .setName("default")
                                .setTotalMib(100_000)
                                .setFreeMib(90_000)))
                .addAllInstances(ledger)
                .build();
    }

    public void disconnect() {
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

    public void runs(Command start) {
        send(report(start.getVmId(), start.getIncarnation(), InstancePhase.INSTANCE_PHASE_RUNNING));
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
        received.add(message);
    }

    @Override
    public void close(KelpieException reason) {
        closed = Optional.of(reason);
    }

    @Override
    public long lastHeardNanos() {
        return time.nanoTime(); // a healthy agent; silence is shown by disconnect()
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
