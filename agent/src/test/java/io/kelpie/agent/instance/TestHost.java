package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.DeadlineFile;
import io.kelpie.agent.fencing.Lease;
import io.kelpie.agent.fencing.LeaseRules;
import io.kelpie.agent.fencing.SmallFile;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ForgetInstance;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.KillInstance;
import io.kelpie.proto.v1.LeaseGrant;
import io.kelpie.proto.v1.StartInstance;
import io.kelpie.proto.v1.StopInstance;
import io.kelpie.proto.v1.VmTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A host with an agent's instances on it, whose disks and hypervisors outlive the agent. */
public final class TestHost {
    public static final UUID VM = UUID.fromString("11111111-2222-8333-8444-555555555555");

    public final TestLoop loop = new TestLoop();
    public final InstanceFolders folders;
    public final FileLedger ledger;
    public final ScriptedDriver.Processes processes = new ScriptedDriver.Processes();
    public final ScriptedProvisioner provisioner;
    public final Observer observer = new Observer();
    public ScriptedDriver driver = new ScriptedDriver(processes);
    public Map<DriverKind, VmDriver> drivers = new EnumMap<>(DriverKind.class);
    public final SmallFile deadline;
    public HostLease lease;
    public InstanceManager manager;
    public Stream stream = new Stream();
    public List<InstanceReport> hello = List.of();
    public long epoch = 7;
    public boolean settled;
    /** The process stood still for so long: the boot clock went on, and no timer of the loop. */
    public Duration stoodStill = Duration.ZERO;

    public String bootId = "boot-1";
    public int lapses;
    private long nextSequence = 1;

    /** A stream that keeps what goes up. */
    public static final class Stream implements ControllerSink {
        public final List<CommandAck> acks = new ArrayList<>();
        public final List<InstanceReport> reports = new ArrayList<>();

        @Override
        public void ack(CommandAck ack) {
            acks.add(ack);
        }

        @Override
        public void report(InstanceReport report) {
            reports.add(report);
        }

        public CommandAck lastAck() {
            return acks.get(acks.size() - 1);
        }

        public InstanceReport lastReport() {
            return reports.get(reports.size() - 1);
        }

        public List<InstancePhase> phases() {
            return reports.stream().map(InstanceReport::getPhase).toList();
        }
    }

    /** Keeps what was observed. */
    public static final class Observer implements InstanceObserver {
        final Map<InstancePhase, Integer> phases = new EnumMap<>(InstancePhase.class);
        final List<InstanceEnd.Reason> exits = new ArrayList<>();
        int started;
        int startFailed;
        Optional<Duration> recovered = Optional.empty();

        @Override
        public void phase(Optional<InstancePhase> from, Optional<InstancePhase> to) {
            from.ifPresent(phase -> phases.merge(phase, -1, Integer::sum));
            to.ifPresent(phase -> phases.merge(phase, 1, Integer::sum));
        }

        @Override
        public void started(DriverKind kind, Duration took) {
            started++;
        }

        @Override
        public void startFailed(DriverKind kind) {
            startFailed++;
        }

        @Override
        public void exited(InstanceEnd.Reason reason) {
            exits.add(reason);
        }

        @Override
        public void recovered(Duration took) {
            recovered = Optional.of(took);
        }
    }

    public TestHost(Path folder) throws IOException {
        folders = new InstanceFolders(folder.resolve("instances"), folder.resolve("run"));
        ledger = new FileLedger(folders);
        provisioner = new ScriptedProvisioner(folders);
        deadline = SmallFile.untilReboot(folder.resolve("deadline").toAbsolutePath());
        drivers.put(DriverKind.QEMU, driver);
        lease = lease();
        manager = restart();
    }

    /** The agent ends without a word, and another one starts. */
    public InstanceManager restart() throws IOException {
        return restart(ledger);
    }

    InstanceManager restart(Ledger newLedger) throws IOException {
        driver.close();
        driver = new ScriptedDriver(processes);
        drivers.replace(DriverKind.QEMU, driver);
        begin(newLedger);
        hello();
        return manager;
    }

    /** Starts an agent that has not said hello. */
    InstanceManager begin(Ledger newLedger) throws IOException {
        loop.crash();
        settled = false;
        observer.recovered = Optional.empty();
        lease = lease();
        manager = new InstanceManager(
                new InstanceManager.Surroundings(
                        loop,
                        loop,
                        loop,
                        newLedger,
                        folders,
                        provisioner,
                        drivers,
                        () -> new HostStatus(
                                Map.of(DriverKind.QEMU, new DriverFingerprint(true, "1", "", true)),
                                false,
                                "no KVM",
                                false,
                                CpuSupport.UNKNOWN),
                        () -> epoch,
                        observer,
                        lease),
                "host-1",
                nextSequence);
        nextSequence += 1_000;
        manager.recover(newLedger.load(), () -> settled = true);
        loop.settle();
        return manager;
    }

    private HostLease lease() throws IOException {
        return HostLease.open(new HostLease.Surroundings(
                loop, loop, this::bootNanos, LeaseRules.SAFE, new DeadlineFile(deadline), bootId, new LeaseObserver() {
                    @Override
                    public void held(boolean held) {}

                    @Override
                    public void lapsed() {
                        lapses++;
                    }
                }));
    }

    /** The boot clock. */
    public long bootNanos() {
        return loop.nanoTime() + stoodStill.toNanos();
    }

    /** What the deadline file says. */
    public Deadline deadline() throws IOException {
        return new DeadlineFile(deadline).read().orElseThrow();
    }

    /** The leader answers this question. */
    public LeaseGrant.Builder grant(Lease.Question question) {
        return LeaseGrant.newBuilder()
                .setEpoch(epoch)
                .setSequence(question.sequence())
                .setLineage(question.lineage())
                .setBootId(bootId)
                .setLeaseMillis(12_000);
    }

    /** A heartbeat goes up and is granted; the host's lineage. */
    public long leaseGranted() {
        loop.settle();
        lease.granted(grant(lease.ask()).build(), epoch);
        loop.settle();
        return lease.heldLineage();
    }

    public Command startLeased(long incarnation, long lineage) {
        Command start = start(incarnation);
        return start.toBuilder()
                .setLineage(lineage)
                .setStart(start.getStart().toBuilder().setLeased(true))
                .build();
    }

    /** A new stream takes the place of the old one. */
    public Stream hello() {
        stream = new Stream();
        hello = manager.attach(stream);
        return stream;
    }

    public static InstanceId id(long incarnation) {
        return new InstanceId(VM, incarnation);
    }

    public Command.Builder command(long incarnation) {
        return Command.newBuilder()
                .setEpoch(epoch)
                .setVmId(VM.toString())
                .setIncarnation(incarnation)
                .setSequence(incarnation * 10);
    }

    public Command start(long incarnation) {
        return start(incarnation, template().build());
    }

    public static VmTemplate.Builder template() {
        return VmTemplate.newBuilder()
                .setVcpus(1)
                .setMemoryMib(16)
                .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_TCG));
    }

    public Command start(long incarnation, VmTemplate template) {
        return command(incarnation)
                .setStart(StartInstance.newBuilder()
                        .setVmName("web-0")
                        .setJob("web")
                        .setNamespace("default")
                        .setSpecVersion(3)
                        .setTemplate(template))
                .build();
    }

    public Command stop(long incarnation) {
        return command(incarnation)
                .setStop(StopInstance.newBuilder().setGraceSeconds(30))
                .build();
    }

    public Command kill(long incarnation) {
        return command(incarnation).setKill(KillInstance.getDefaultInstance()).build();
    }

    public Command forget(long incarnation) {
        return command(incarnation)
                .setForget(ForgetInstance.getDefaultInstance())
                .build();
    }

    public Command forgetWithDisks(long incarnation) {
        return command(incarnation)
                .setForget(ForgetInstance.newBuilder().setDeleteDisks(true))
                .build();
    }

    /** Sends a command by the present stream, and lets everything happen that it brings about at once. */
    public void send(Command command) {
        manager.execute(command, stream);
        loop.settle();
    }
}
