package io.kelpie.it.simulation;

import io.grpc.stub.StreamObserver;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlMetrics;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.ControllerReach;
import io.kelpie.controller.control.Membership;
import io.kelpie.controller.dispatch.AgentStreams;
import io.kelpie.controller.dispatch.HostContacts;
import io.kelpie.controller.dispatch.LogRelay;
import io.kelpie.controller.dispatch.NotLeadingAnswers;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.MemoryLeadership;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.memory.MemoryControllerSetStore;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A controller: the production parts in a process that can be paused and killed. */
final class SimController {
    static final long SESSION_NANOS = 4 * World.SECOND;

    private static final long IDLE_TICK_NANOS = World.SECOND / 4;

    /** What a process holds in memory. */
    private final class Memory {
        final ControlQueue queue = new ControlQueue();
        final MemoryStore store = new MemoryStore(ensemble, inOrder());
        final MemoryControllerSetStore setStore = new MemoryControllerSetStore(ensemble);
        final ControllerSetView set = new ControllerSetView(setStore, identity);
        final MemoryLeadership leadership = new MemoryLeadership(ensemble, set, inOrder());
        final Leases leases = new Leases(
                store, LeaseTimes.DEFAULT, rules.leader(), clock, ControlLoop.leaseListener(queue), Leases.Meter.NONE);
        final ControlLoop loop = new ControlLoop(
                queue,
                store,
                leadership,
                leases,
                later(),
                SchedulingPolicy.DEFAULT,
                new Membership(set, ControllerReach.ALL),
                clock,
                new ControlMetrics(new Metrics(), queue));
        final HostContacts contacts = new HostContacts(clock);
        final AgentStreams streams = new AgentStreams(
                queue,
                leases,
                new NotLeadingAnswers(set, leadership, leases, contacts::heard),
                new LogRelay(),
                contacts,
                clock);
        boolean tickComes;
        boolean leaseStepComes;
        boolean leaseTimerRuns;
        long changesSeen = -1;
    }

    final String id;
    final String address;
    final SimProcess process;
    final SimClock clock;
    private final World world;
    private final SimEnsemble ensemble;
    private final ControllerIdentity identity;
    private final Rules rules;
    private final SplittableRandom random;
    private @Nullable Memory memory;
    private boolean cut;
    private long sessionLostSince = Long.MAX_VALUE;
    private long storeSlowNanos;

    SimController(World world, SimEnsemble ensemble, ControllerIdentity identity, SimClock clock, Rules rules) {
        this.rules = rules;
        this.world = world;
        this.ensemble = ensemble;
        this.identity = identity;
        this.id = identity.id();
        this.address = identity.address();
        this.clock = clock;
        this.process = new SimProcess(world, id);
        this.random = world.random("controller " + id);
    }

    /** Answers of the store come later, in their order. */
    private Executor inOrder() {
        long[] last = {0};
        return task -> {
            long delay = 200 * World.MICRO + random.nextLong(3 * World.MILLI);
            if (storeSlowNanos > 0 && random.nextInt(3) == 0) {
                delay += random.nextLong(storeSlowNanos);
            }
            last[0] = Math.max(last[0] + 1, world.now() + delay);
            process.post(last[0] - world.now(), task);
        };
    }

    /** Another thread of the process, which takes its time. */
    private Executor later() {
        return task -> process.post(World.MILLI + random.nextLong(20 * World.MILLI), task);
    }

    // ---- the thread of leases ----

    private void leaseWork(Memory of) {
        if (!of.leaseStepComes && memory == of) {
            of.leaseStepComes = true;
            process.post(10 * World.MICRO + random.nextLong(100 * World.MICRO), () -> leaseStep(of));
        }
    }

    private void leaseStep(Memory of) {
        of.leaseStepComes = false;
        of.leases.step();
        if (!of.leaseTimerRuns) {
            of.leaseTimerRuns = true;
            process.timer(clock.trueNanos(of.leases.idleNanos()), () -> {
                of.leaseTimerRuns = false;
                of.leases.step();
            });
        }
    }

    // ---- life ----

    void start() {
        process.start();
        Memory born = new Memory();
        memory = born;
        born.leases.onWork(() -> leaseWork(born));
        born.loop.start();
        born.set.start();
        connect(!cut && ensemble.quorum());
        idle(born);
    }

    /** Its memory is gone; its session lives on until it times out. */
    void crash() {
        Memory dead = memory;
        process.die();
        memory = null;
        if (dead != null) {
            dead.leadership.setConnected(false);
            dead.store.setConnected(false);
            dead.setStore.close();
            world.after(sessionNanos(), () -> expireDead(dead));
        }
    }

    private long sessionNanos() {
        return SESSION_NANOS * 2 / 3 + random.nextLong(SESSION_NANOS / 2);
    }

    private void expireDead(Memory dead) {
        if (ensemble.quorum()) {
            dead.leadership.close();
        } else {
            world.after(sessionNanos(), () -> expireDead(dead));
        }
    }

    private void idle(Memory of) {
        process.timer(IDLE_TICK_NANOS + random.nextLong(World.MILLI), () -> {
            if (memory == of) {
                if (of.changesSeen != ensemble.changes()) {
                    of.changesSeen = ensemble.changes();
                    of.setStore.refresh();
                }
                tick(of);
                idle(of);
            }
        });
    }

    /** To be called after each event: lets the control thread work if there is something for it. */
    void wake() {
        Memory now = memory;
        if (now != null && !now.tickComes && now.queue.size() > 0) {
            now.tickComes = true;
            process.post(20 * World.MICRO + random.nextLong(300 * World.MICRO), () -> {
                if (memory == now) {
                    tick(now);
                }
            });
        }
    }

    private void tick(Memory of) {
        of.tickComes = false;
        try {
            of.loop.tick(0);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a simulation", e);
        }
    }

    // ---- the store ----

    /** Cuts or heals this controller's way to the store. */
    void cutStore(boolean now) {
        cut = now;
        storeChanged();
    }

    void slowStore(long nanos) {
        storeSlowNanos = nanos;
    }

    /** The quorum or the way to it has changed. */
    void storeChanged() {
        connect(!cut && ensemble.quorum());
    }

    private void connect(boolean connected) {
        Memory now = memory;
        if (now == null) {
            return;
        }
        if (connected) {
            sessionLostSince = Long.MAX_VALUE;
            now.store.setConnected(true);
            now.setStore.setConnected(true);
            now.changesSeen = -1;
            now.leadership.setConnected(true);
        } else if (sessionLostSince == Long.MAX_VALUE) {
            sessionLostSince = world.now();
            now.store.setConnected(false);
            now.setStore.setConnected(false);
            now.leadership.setConnected(false);
            watchSession(now);
        }
    }

    /** Without a quorum no session ends; with one, that of a controller that is cut off does. */
    private void watchSession(Memory of) {
        long since = sessionLostSince;
        world.after(sessionNanos(), () -> {
            if (memory != of || sessionLostSince != since) {
                return;
            }
            if (ensemble.quorum()) {
                world.fault(Fault.SESSION_EXPIRED, id + " by its partition");
                of.leadership.expire();
                of.store.endSession();
            } else {
                watchSession(of);
            }
        });
    }

    /** The session ends at the store; the controller learns of it when it hears from the store the next time. */
    void expireSession(long unnoticedNanos) {
        Memory now = memory;
        if (now != null) {
            now.leadership.expire();
            world.after(unnoticedNanos, () -> {
                if (memory == now && !cut && ensemble.quorum()) {
                    process.post(0, () -> {
                        now.store.endSession();
                        now.leadership.setConnected(true);
                    });
                }
            });
        }
    }

    /** A process that is stopped for longer than its session lasts loses it. */
    void pausedFrom(long sinceNanos) {
        Memory of = memory;
        long life = process.life();
        world.after(sessionNanos(), () -> {
            if (of != null && memory == of && process.paused() && process.life() == life) {
                if (ensemble.quorum()) {
                    world.fault(Fault.SESSION_EXPIRED, id + " by its pause");
                    of.leadership.setConnected(false);
                    of.leadership.expire();
                    process.post(random.nextLong(World.SECOND / 5), () -> {
                        if (!cut && ensemble.quorum()) {
                            of.store.endSession();
                            of.leadership.setConnected(true);
                        }
                    });
                } else {
                    pausedFrom(sinceNanos);
                }
            }
        });
    }

    // ---- what others ask of it ----

    /** A host asks whether this controller leads. The answer is empty if there is none. */
    void confirm(ConfirmNotLeadingRequest request, Consumer<Optional<ConfirmNotLeadingResponse>> answer) {
        if (!process.alive()) {
            answer.accept(Optional.empty());
            return;
        }
        process.post(
                0,
                () -> agentStreams().confirmNotLeading(request, new StreamObserver<>() {
                    @Override
                    public void onNext(ConfirmNotLeadingResponse response) {
                        answer.accept(Optional.of(response));
                    }

                    @Override
                    public void onError(Throwable failure) {
                        answer.accept(Optional.empty());
                    }

                    @Override
                    public void onCompleted() {}
                }));
    }

    AgentStreams agentStreams() {
        return present().streams;
    }

    ControlQueue queue() {
        return present().queue;
    }

    MemoryStore store() {
        return present().store;
    }

    ControlLoop loop() {
        return present().loop;
    }

    boolean leads() {
        Memory now = memory;
        return now != null && now.loop.view().isPresent();
    }

    private Memory present() {
        Memory now = memory;
        if (now == null) {
            throw new IllegalStateException(id + " does not live");
        }
        return now;
    }
}
