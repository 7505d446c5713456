package io.kelpie.it.simulation;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.controller.api.HostSilence;
import io.kelpie.controller.api.Peers;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlMetrics;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.ControllerReach;
import io.kelpie.controller.control.HostDeaths;
import io.kelpie.controller.control.Membership;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.control.SuspectedHost;
import io.kelpie.controller.dispatch.AgentStreams;
import io.kelpie.controller.dispatch.HostContacts;
import io.kelpie.controller.dispatch.LeaderWatches;
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
import io.kelpie.proto.v1.GetHostContactResponse;
import io.kelpie.proto.v1.HostHealth;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
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
        final LeaderWatches watches = new LeaderWatches();
        final AgentStreams streams = new AgentStreams(
                queue,
                leases,
                new NotLeadingAnswers(set, leadership, leases, contacts::heard),
                watches,
                new LogRelay(),
                contacts,
                clock);
        final HostSilence silence = new HostSilence(id, contacts, peers);
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
    private final Peers peers;
    private final SplittableRandom random;
    private @Nullable Memory memory;
    private boolean cut;
    private long sessionLostSince = Long.MAX_VALUE;
    private long storeSlowNanos;
    private long storeLagNanos;
    private boolean leasesStall;
    private long setLateNanos;

    /** @param others finds a controller by its address */
    SimController(
            World world,
            SimEnsemble ensemble,
            ControllerIdentity identity,
            SimClock clock,
            Rules rules,
            Function<String, SimController> others) {
        this.rules = rules;
        this.peers = (member, hostId, deadline) -> askPeer(others.apply(member.getAddress()), hostId, deadline);
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
            long delay = storeLagNanos + 200 * World.MICRO + random.nextLong(3 * World.MILLI);
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
        if (!of.leaseStepComes && memory == of && !leasesStall) {
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
                leaseWork(of);
            });
        }
    }

    // ---- life ----

    void start() {
        process.start();
        Memory born = new Memory();
        memory = born;
        born.leases.onWork(() -> leaseWork(born));
        born.loop.start(born.watches);
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
                    refreshSet(of);
                }
                tick(of);
                idle(of);
            }
        });
    }

    /** What follows a change of the set is a read of the store, which takes its time. */
    private void refreshSet(Memory of) {
        long lateNanos = Math.max(storeSlowNanos, setLateNanos);
        if (lateNanos == 0) {
            of.setStore.refresh();
        } else {
            process.post(random.nextLong(lateNanos), of.setStore::refresh);
        }
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

    /** Every answer of the store takes that much longer. */
    void lagStore(long nanos) {
        storeLagNanos = nanos;
    }

    /** The thread of leases gets no processor, or gets it again. */
    void stallLeases(boolean now) {
        leasesStall = now;
        Memory present = memory;
        if (present != null) {
            leaseWork(present);
        }
    }

    /** Whether this leader has declared the host fenced. */
    boolean holdsFenced(String hostName) {
        Memory present = memory;
        return present != null
                && present.loop
                        .view()
                        .map(view -> view.model().hosts().values().stream()
                                .anyMatch(host -> host.record().getName().equals(hostName)
                                        && host.health() == HostHealth.HOST_HEALTH_FENCED))
                        .orElse(false);
    }

    void slowStore(long nanos) {
        storeSlowNanos = nanos;
    }

    /** It reads of changes of the set up to so much later. */
    void readSetLate(long nanos) {
        setLateNanos = nanos;
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

    // ---- what people ask of it ----

    /** Offers a change to the control thread, as the API does. A dead process does not answer. */
    void change(UUID requestId, Operation operation, CompletableFuture<ByteString> answer) {
        process.post(World.MILLI, () -> submit(present(), requestId, operation, answer));
    }

    private static void submit(Memory to, UUID requestId, Operation operation, CompletableFuture<ByteString> answer) {
        to.queue.offer(new ControlEvent.OperatorCall(
                requestId, ByteString.copyFromUtf8(requestId.toString()), operation, answer));
    }

    /** {@code kelpie host confirm-dead}, in the stages in which the API does it. */
    void confirmDead(UUID requestId, String host, CompletableFuture<ByteString> answer) {
        process.post(World.MILLI, () -> {
            Memory to = present();
            CompletableFuture<Optional<SuspectedHost>> first = new CompletableFuture<>();
            to.queue.offer(new ControlEvent.CallPrepared<>(HostDeaths.suspect(host, requestId), first));
            first.thenComposeAsync(
                            found -> found.isEmpty()
                                    ? submitted(to, requestId, Operation.answeredBefore())
                                    : to.silence
                                            .requireEverywhere(found.get())
                                            .thenComposeAsync(
                                                    silent -> submitted(
                                                            to,
                                                            requestId,
                                                            HostDeaths.confirm(found.get(), to.silence::requireHere)),
                                                    later()),
                            later())
                    .whenComplete((bytes, failure) -> {
                        if (failure == null) {
                            answer.complete(bytes);
                        } else {
                            answer.completeExceptionally(failure);
                        }
                    });
        });
    }

    private static CompletableFuture<ByteString> submitted(Memory to, UUID requestId, Operation operation) {
        CompletableFuture<ByteString> answer = new CompletableFuture<>();
        submit(to, requestId, operation, answer);
        return answer;
    }

    /** Asks another controller when it has heard a host; its answer, or the lack of one, comes back to this process. */
    private CompletableFuture<GetHostContactResponse> askPeer(SimController peer, String hostId, Duration deadline) {
        CompletableFuture<GetHostContactResponse> answer = new CompletableFuture<>();
        long there = World.MILLI + random.nextLong(2 * World.MILLI);
        long back = World.MILLI + random.nextLong(2 * World.MILLI);
        peer.process.post(there, () -> {
            GetHostContactResponse said = peer.present().silence.own(hostId);
            process.post(back, () -> answer.complete(said));
        });
        process.timer(
                clock.trueNanos(deadline.toNanos()),
                () -> answer.completeExceptionally(Status.DEADLINE_EXCEEDED.asRuntimeException()));
        return answer;
    }

    /** How long ago this controller has heard a host, in milliseconds; empty if it has not, or does not live. */
    OptionalLong heardMillisAgo(String hostId) {
        Memory now = memory;
        return now == null ? OptionalLong.empty() : now.contacts.millisSince(hostId);
    }

    AgentStreams agentStreams() {
        return present().streams;
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
