package io.kelpie.it.simulation;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.fencing.ControllerSets;
import io.kelpie.agent.fencing.DeadlineFile;
import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.instance.AgentLoop;
import io.kelpie.agent.instance.CpuSupport;
import io.kelpie.agent.instance.HostLease;
import io.kelpie.agent.instance.HostStatus;
import io.kelpie.agent.instance.InstanceEnd;
import io.kelpie.agent.instance.InstanceFolders;
import io.kelpie.agent.instance.InstanceManager;
import io.kelpie.agent.instance.InstanceObserver;
import io.kelpie.agent.instance.LeaseObserver;
import io.kelpie.agent.instance.Outcome;
import io.kelpie.agent.instance.Workers;
import io.kelpie.agent.link.ControllerLink;
import io.kelpie.agent.link.HostDescription;
import io.kelpie.agent.link.LinkObserver;
import io.kelpie.agent.link.Transport;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.WatchLeaderRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;

/** An agent: the production parts in a process that can be paused and killed, on a machine that can be rebooted. */
final class SimAgent {
    private static final long BACKOFF_FIRST_NANOS = 5 * World.MILLI;
    private static final long BACKOFF_LAST_NANOS = World.SECOND / 2;
    private static final long SEQUENCES_PER_MILLI = 1_000;

    final SimMachine machine;
    final SimProcess process;
    private final SimHost host;
    final RamLedger ledger;
    private final Map<String, Link> links = new LinkedHashMap<>();
    private final World world;
    private final Function<String, SimController> controllers;
    private final List<String> addresses;
    private final Rules rules;
    private final RamFile epochFile = new RamFile("epoch");
    private final RamFile setFile = new RamFile("controllers");
    private final SplittableRandom random;
    private final Set<BlockingCall<?>> calls = new LinkedHashSet<>();
    final Repeats repeats = new Repeats();
    long prepareNanos = 20 * World.MILLI;

    /**
     * @param host what its configuration says of the host
     * @param controllers finds a controller by its address
     * @param addresses controllers of its configuration
     */
    SimAgent(
            World world,
            SimMachine machine,
            SimHost host,
            RamLedger ledger,
            Function<String, SimController> controllers,
            List<String> addresses,
            Rules rules) {
        this.world = world;
        this.machine = machine;
        this.host = host;
        this.ledger = ledger;
        this.controllers = controllers;
        this.addresses = addresses;
        this.rules = rules;
        this.process = new SimProcess(world, machine.name + "-agent");
        this.random = world.random("agent " + machine.name);
        addresses.forEach(this::reaches);
    }

    /** There is a way to this address. */
    void reaches(String address) {
        links.put(address, new Link(world, machine.name + "-" + address));
    }

    Link link(String address) {
        Link link = links.get(address);
        if (link == null) {
            throw new IllegalStateException("no way from " + machine.name + " to " + address);
        }
        return link;
    }

    Collection<Link> links() {
        return links.values();
    }

    void start() {
        process.start();
        SimClock clock = machine.clock;
        Loop loop = new Loop(clock);
        Jobs workers = new Jobs(loop);
        EpochStore epochs;
        ControllerSets sets;
        HostLease lease;
        try {
            epochs = EpochStore.open(epochFile);
            sets = ControllerSets.open(setFile);
            lease = HostLease.open(new HostLease.Surroundings(
                    loop,
                    workers,
                    clock,
                    rules.host(),
                    new DeadlineFile(machine.deadlineFile),
                    machine.bootId,
                    new SilentLease()));
        } catch (IOException e) {
            throw new IllegalStateException("the agent cannot read its files", e);
        }
        InstanceFolders folders = new InstanceFolders(FOLDER.resolve("instances"), FOLDER.resolve("run"));
        SimProvisioner provisioner = new SimProvisioner(machine, folders);
        provisioner.slownessNanos = prepareNanos;
        VmDriver driver = new SimDriver(machine, process, rules.close());
        Map<DriverKind, VmDriver> drivers = Map.of(DriverKind.QEMU, driver);
        InstanceManager instances = new InstanceManager(
                new InstanceManager.Surroundings(
                        loop,
                        workers,
                        clock,
                        ledger,
                        folders,
                        provisioner,
                        drivers,
                        () -> new HostStatus(
                                Map.of(DriverKind.QEMU, driver.fingerprint()), true, "", true, CpuSupport.UNKNOWN),
                        epochs::highest,
                        new Silent(),
                        lease),
                machine.hostId,
                clock.nanoTime() / World.MILLI * SEQUENCES_PER_MILLI);
        ControllerLink link = new ControllerLink(
                new ControllerLink.Surroundings(
                        loop,
                        workers,
                        clock,
                        new SimTransport(),
                        random.split(),
                        epochs,
                        sets,
                        lease,
                        instances,
                        (request, call) -> {},
                        new SilentLink()),
                new HostDescription(
                        machine.hostId,
                        machine.name,
                        machine.bootId,
                        "sim",
                        host.labels(),
                        host.taints(),
                        SimHost::capabilities,
                        SimHost::capacity,
                        () -> SimHost.capabilities().getPoolsList(),
                        List::of),
                addresses);
        loop.execute(() -> instances.recover(ledger.load(), link::start));
    }

    /** Its disk takes no writes, or takes them again. */
    void breakDisk(boolean now) {
        ledger.broken = now;
        epochFile.broken = now;
        setFile.broken = now;
        machine.deadlineFile.broken = now;
    }

    /** Its memory is gone; hypervisors go on under their guards. */
    void crash() {
        process.die();
        abandonCalls();
        machine.watcher = null;
    }

    /** Ends the stacks of jobs that will never go on. */
    void abandonCalls() {
        List.copyOf(calls).forEach(BlockingCall::abandon);
        calls.clear();
    }

    /** Names of jobs that wait for drivers or images. */
    private static final List<String> BLOCKING = List.of("start ", "stop ", "kill ", "adopt ", "prepare ", "inspect ");

    private static final Path FOLDER = Path.of("/simulated");

    private final class Loop implements AgentLoop {
        private final SimClock clock;

        Loop(SimClock clock) {
            this.clock = clock;
        }

        @Override
        public void execute(Runnable task) {
            process.post(0, task);
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            boolean[] cancelled = {false};
            process.timer(clock.trueNanos(delay.toNanos()), () -> {
                if (!cancelled[0]) {
                    task.run();
                }
            });
            return () -> cancelled[0] = true;
        }
    }

    /** A job happens at once some time after it was handed over, or bit by bit if it is one that waits for a driver. */
    private final class Jobs implements Workers {
        private final Loop loop;

        Jobs(Loop loop) {
            this.loop = loop;
        }

        @Override
        public <T> void submit(String name, Callable<T> job, Consumer<Outcome<T>> then) {
            process.post(50 * World.MICRO + random.nextLong(World.MILLI), () -> {
                if (BLOCKING.stream().anyMatch(name::startsWith)) {
                    BlockingCall<T> call = new BlockingCall<>(job);
                    calls.add(call);
                    proceed(call, then, BACKOFF_FIRST_NANOS);
                } else {
                    Outcome<T> outcome = Outcome.of(job);
                    loop.execute(() -> then.accept(outcome));
                }
            });
        }

        private <T> void proceed(BlockingCall<T> call, Consumer<Outcome<T>> then, long backoff) {
            if (!call.proceed()) {
                process.post(backoff, () -> proceed(call, then, Math.min(backoff * 2, BACKOFF_LAST_NANOS)));
                return;
            }
            calls.remove(call);
            call.outcome(
                    value -> loop.execute(() -> then.accept(Outcome.of(() -> value))),
                    failure -> loop.execute(() -> then.accept(Outcome.of(() -> {
                        throw failure;
                    }))));
        }
    }

    private final class SimTransport implements Transport {
        @Override
        public Connection connect(String address, Listener listener) {
            return new SimConnection(world, link(address), process, controllers.apply(address), listener, repeats);
        }

        @Override
        public Watch watchLeader(String address, WatchLeaderRequest request, WatchListener listener) {
            return new SimWatch(link(address), process, controllers.apply(address), request, listener);
        }

        @Override
        public void confirmNotLeading(
                String address, ConfirmNotLeadingRequest request, Duration deadline, ConfirmListener listener) {
            SimController controller = controllers.apply(address);
            Link link = link(address);
            boolean[] done = {false};
            process.timer(machine.clock.trueNanos(deadline.toNanos()), () -> {
                if (!done[0]) {
                    done[0] = true;
                    listener.failed("no answer in time");
                }
            });
            long life = process.life();
            Link.Pipe up = link.upward();
            Link.Pipe down = link.downward();
            Runnable arrival = () -> controller.confirm(
                    request,
                    answer -> down.send(() -> {
                        if (process.life() == life) {
                            process.post(0, () -> {
                                if (!done[0]) {
                                    done[0] = true;
                                    answer.ifPresentOrElse(listener::answered, () -> listener.failed("refused"));
                                }
                            });
                        }
                    }));
            up.send(arrival);
            if (random.nextInt(50) == 0) {
                world.count(Fault.DUPLICATE_CALL);
                up.send(arrival);
            }
        }

        @Override
        public void close() {}
    }

    private static final class SilentLease implements LeaseObserver {
        @Override
        public void held(boolean held) {}

        @Override
        public void lapsed() {}
    }

    private static final class Silent implements InstanceObserver {
        @Override
        public void phase(Optional<InstancePhase> from, Optional<InstancePhase> to) {}

        @Override
        public void started(DriverKind driver, Duration took) {}

        @Override
        public void startFailed(DriverKind driver) {}

        @Override
        public void exited(InstanceEnd.Reason reason) {}

        @Override
        public void recovered(Duration took) {}
    }

    private static final class SilentLink implements LinkObserver {
        @Override
        public void connected(boolean connected) {}

        @Override
        public void heartbeat() {}
    }
}
