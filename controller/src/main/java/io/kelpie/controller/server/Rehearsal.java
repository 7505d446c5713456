package io.kelpie.controller.server;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.control.AgentSession;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlMetrics;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.ControllerReach;
import io.kelpie.controller.control.JobOperations;
import io.kelpie.controller.control.Membership;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.MemoryLeadership;
import io.kelpie.controller.lease.LeaderRules;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.lease.Question;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryControllerSetStore;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.VmTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.slf4j.MDC;

/**
 * Plays the begin of a term in memory, from the election to a VM that runs. A standby does that once: the first time that
 * a Java process goes this way takes it up to a second or two on a busy machine, which a failover should not wait for.
 * It touches no store, no host and no metric, and its log lines are left out.
 *
 * <p>Runs on the caller's thread alone, in a time of its own.
 */
final class Rehearsal {
    /** Marks log lines, for the configuration of the log. */
    static final String LOG_MARK = "rehearsal";

    private static final int TICKS_MAX = 50;
    private static final String JOB = "rehearsal";
    private static final String BOOT_ID = "boot";

    private final Clock clock = new Clock();
    private final ControlQueue queue = new ControlQueue();
    private final Host host = new Host();
    private final MemoryControllerSetStore setStore;
    private final ControllerSetView controllers;
    private final Leases leases;
    private final ControlLoop loop;

    private Rehearsal() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        MemoryStore store = new MemoryStore(cluster);
        this.setStore = new MemoryControllerSetStore(cluster);
        Controller self = new Controller("self", "self:1", true);
        Controller other = new Controller("other", "other:1", true);
        this.controllers = new ControllerSetView(
                setStore, new ControllerIdentity(self.id(), self.address(), List.of(self, other)));
        this.leases = new Leases(
                store,
                LeaseTimes.DEFAULT,
                LeaderRules.SAFE,
                clock,
                ControlLoop.leaseListener(queue),
                Leases.Meter.NONE);
        this.loop = new ControlLoop(
                queue,
                store,
                new MemoryLeadership(cluster, controllers),
                leases,
                Runnable::run,
                SchedulingPolicy.DEFAULT,
                new Membership(controllers, ControllerReach.ALL),
                clock,
                new ControlMetrics(new Metrics(), queue));
    }

    /**
     * Plays so many terms.
     *
     * @return how many of them came to a VM that runs
     */
    static int play(int terms) throws InterruptedException {
        int played = 0;
        try (MDC.MDCCloseable mark = MDC.putCloseable(LOG_MARK, "yes")) {
            for (int i = 0; i < terms; i++) {
                played += new Rehearsal().play() ? 1 : 0;
            }
        }
        return played;
    }

    private boolean play() throws InterruptedException {
        controllers.start();
        loop.start();
        tick();
        queue.add(new ControlEvent.AgentConnected(host, hello()));
        queue.offer(new ControlEvent.OperatorCall(
                UUID.randomUUID(),
                ByteString.EMPTY,
                JobOperations.apply(ApplyJobRequest.newBuilder().setSpec(job()).build(), UUID.randomUUID()),
                new CompletableFuture<>()));
        for (int i = 0; i < TICKS_MAX && !runs(); i++) {
            tick();
            host.ask();
            leases.step();
            host.obey();
            clock.nanos += LeaseTimes.DEFAULT.proofInterval().toNanos();
        }
        return runs();
    }

    private void tick() throws InterruptedException {
        setStore.refresh();
        loop.tick(0);
    }

    private boolean runs() {
        return loop.view()
                .map(view -> view.model().vms().values().stream()
                        .anyMatch(vm -> vm.record().getState() == VmState.VM_STATE_RUNNING))
                .orElse(false);
    }

    private Hello hello() {
        return Hello.newBuilder()
                .setHostId(host.id)
                .setHostName("host")
                .setBootId(BOOT_ID)
                .setVersion("0")
                .setCapacity(HostCapacity.newBuilder().setCpus(4).setMemoryMib(4096))
                .setCapabilities(HostCapabilities.newBuilder()
                        .addDrivers(DriverInfo.newBuilder()
                                .setDriver(DriverChoice.DRIVER_CHOICE_QEMU)
                                .setUsable(true)
                                .setCanLease(true))
                        .addPools(Pool.newBuilder()
                                .setName("default")
                                .setTotalMib(100_000)
                                .setFreeMib(90_000)))
                .build();
    }

    private static JobSpec job() {
        return JobSpec.newBuilder()
                .setName(JOB)
                .setNamespace("default")
                .setReplicas(1)
                .setVm(VmTemplate.newBuilder()
                        .setVcpus(1)
                        .setMemoryMib(256)
                        .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY))
                        .setBoot(Boot.newBuilder()
                                .setKernel(ImageSource.newBuilder().setFile("kernel"))))
                .build();
    }

    /** Passes when told. */
    private static final class Clock implements TimeSource {
        private long nanos;

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public long wallMillis() {
            return nanos / 1_000_000;
        }
    }

    /** A host that does what it is told. */
    private final class Host implements AgentSession {
        private final String id = UUID.randomUUID().toString();
        private final List<Command> commands = new ArrayList<>();
        private final List<InstanceReport> reports = new ArrayList<>();
        private long sequence;

        void ask() {
            sequence++;
            leases.question(id, this, new Question(BOOT_ID, sequence, 1, sequence == 1, false));
        }

        void obey() {
            for (Command command : List.copyOf(commands)) {
                if (command.hasStart()) {
                    queue.add(new ControlEvent.AckReceived(
                            this,
                            CommandAck.newBuilder()
                                    .setVmId(command.getVmId())
                                    .setIncarnation(command.getIncarnation())
                                    .setSequence(command.getSequence())
                                    .setOutcome(CommandAck.Outcome.OUTCOME_ACCEPTED)
                                    .build()));
                    reports.add(InstanceReport.newBuilder()
                            .setVmId(command.getVmId())
                            .setIncarnation(command.getIncarnation())
                            .setSequence(1)
                            .setPhase(InstancePhase.INSTANCE_PHASE_RUNNING)
                            .build());
                    queue.add(new ControlEvent.ReportsReady(this));
                }
            }
            commands.clear();
        }

        @Override
        public void send(ConnectResponse message) {
            if (message.hasCommand()) {
                commands.add(message.getCommand());
            }
        }

        @Override
        public void close(KelpieException reason) {
            commands.clear();
        }

        @Override
        public long lastHeardNanos() {
            return clock.nanoTime();
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
}
