package io.kelpie.controller.control;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.MemoryLeadership;
import io.kelpie.controller.lease.LeaderRules;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryControllerSetStore;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.VmTemplate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A controller on the test's thread: memory store, a clock that moves when told, ticks when told. */
public final class TestController {
    public final TestTime time;
    public final MemoryCluster cluster;
    public final MemoryStore store;
    public final MemoryControllerSetStore setStore;
    public final ControllerSetView controllers;
    public final MemoryLeadership leadership;
    public final ControlQueue queue = new ControlQueue();
    public final Metrics metrics = new Metrics();
    public final Leases leases;
    public final ControlLoop loop;
    /** Members that do not answer, and why. */
    public Map<String, String> unreachable = Map.of();

    private final List<TestAgent> agents = new ArrayList<>();

    /** One of the controllers c1 and c2. */
    public TestController(MemoryCluster cluster, TestTime time, String id) {
        this(cluster, time, identity(id, "c1", "c2"));
    }

    public TestController(MemoryCluster cluster, TestTime time, ControllerIdentity identity) {
        this(cluster, time, identity, Runnable::run);
    }

    /** @param loader makes a term's state of what was read */
    public TestController(MemoryCluster cluster, TestTime time, ControllerIdentity identity, Executor loader) {
        this(cluster, time, identity, loader, SchedulingPolicy.DEFAULT);
    }

    /** One of the controllers c1 and c2, which places by a policy. */
    public TestController(MemoryCluster cluster, TestTime time, String id, SchedulingPolicy policy) {
        this(cluster, time, identity(id, "c1", "c2"), Runnable::run, policy);
    }

    private TestController(
            MemoryCluster cluster,
            TestTime time,
            ControllerIdentity identity,
            Executor loader,
            SchedulingPolicy policy) {
        this.time = time;
        this.cluster = cluster;
        this.store = new MemoryStore(cluster);
        this.setStore = new MemoryControllerSetStore(cluster);
        this.controllers = new ControllerSetView(setStore, identity);
        controllers.start();
        setStore.refresh();
        this.leadership = new MemoryLeadership(cluster, controllers);
        this.leases = new Leases(
                store, LeaseTimes.DEFAULT, LeaderRules.SAFE, time, ControlLoop.leaseListener(queue), Leases.Meter.NONE);
        this.loop = new ControlLoop(
                queue,
                store,
                leadership,
                leases,
                loader,
                policy,
                new Membership(controllers, () -> unreachable),
                time,
                new ControlMetrics(metrics, queue));
    }

    /** A controller of a cluster that begins with the named ones; each is reached at its id, port 7400. */
    public static ControllerIdentity identity(String id, String... founding) {
        return new ControllerIdentity(
                id,
                id + ":7400",
                Arrays.stream(founding)
                        .map(member -> new Controller(member, member + ":7400", true))
                        .toList());
    }

    public static TestController leading() {
        TestController controller = new TestController(new MemoryCluster(UUID.randomUUID()), new TestTime(), "c1");
        controller.loop.start();
        controller.settle();
        return controller;
    }

    /** The same with a policy of placement. */
    public static TestController leading(SchedulingPolicy policy) {
        TestController controller =
                new TestController(new MemoryCluster(UUID.randomUUID()), new TestTime(), "c1", policy);
        controller.loop.start();
        controller.settle();
        return controller;
    }

    public TestAgent agent(String name) {
        TestAgent agent = new TestAgent(queue, leases, time, name);
        agents.add(agent);
        return agent;
    }

    /** An agent that is connected and holds a lease. */
    public TestAgent connected(String name) {
        TestAgent agent = agent(name);
        agent.connect();
        settle();
        time.advanceMillis(LeaseTimes.DEFAULT.proofInterval().toMillis());
        settle();
        return agent;
    }

    /** An agent with so much memory that is connected, holds a lease and can run leased instances. */
    public TestAgent leasing(String name, int memoryMib) {
        TestAgent agent = agent(name).memoryMib(memoryMib).canLease();
        agent.connect();
        settle();
        pass(500);
        return agent;
    }

    /** Agents do what they were told. */
    public void obey(List<TestAgent> some) {
        some.forEach(TestAgent::obey);
        settle();
    }

    /** Agents ask for their leases; then ticks until nothing more happens without time passing. */
    public void settle() {
        for (int i = 0; i < 20; i++) {
            agents.forEach(TestAgent::ask);
            leases.step();
            tick();
        }
    }

    public void tick() {
        setStore.refresh();
        try {
            loop.tick(0);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets so much time pass that a host that fell silent is fenced: 14.24 s and some more. */
    public void passUntilFenced() {
        pass(16_500);
    }

    /** Lets time pass in steps of half a second. */
    public void pass(long millis) {
        for (long passed = 0; passed < millis; passed += 500) {
            time.advanceMillis(500);
            settle();
        }
    }

    public CompletableFuture<ByteString> call(UUID requestId, ByteString hash, Operation operation) {
        CompletableFuture<ByteString> answer = new CompletableFuture<>();
        queue.offer(new ControlEvent.OperatorCall(requestId, hash, operation, answer));
        return answer;
    }

    public CompletableFuture<ByteString> call(Operation operation) {
        return call(UUID.randomUUID(), ByteString.EMPTY, operation);
    }

    public CompletableFuture<ByteString> apply(JobSpec spec) {
        return call(
                JobOperations.apply(ApplyJobRequest.newBuilder().setSpec(spec).build(), UUID.randomUUID()));
    }

    public static ApplyJobResponse applied(CompletableFuture<ByteString> answer) {
        try {
            return ApplyJobResponse.parseFrom(answer.join());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    /** Messages of the events about a VM of the namespace {@code default}, the oldest first. */
    public List<String> eventsOf(String vm) {
        return loop.view().orElseThrow().events().latest("vm/default/" + vm, 0, 1_000).stream()
                .map(event -> event.getType() + ": " + event.getMessage())
                .toList();
    }

    /** Decisions of placement so far, by outcome. */
    public long decisions(String outcome) {
        return metrics.counter("kelpie_placements_total", "Placement decisions by outcome.", "outcome", outcome)
                .getCount();
    }

    public ReadModel model() {
        return loop.view().orElseThrow().model();
    }

    public VmView vm(String name) {
        return model().vm(VmName.parse("default", name).orElseThrow()).orElseThrow();
    }

    public VmState state(String name) {
        return vm(name).record().getState();
    }

    /** Why a VM has no place, in a sentence. */
    public String whyPending(String name) {
        return Objects.requireNonNull(vm(name).pendingDecision(), name).getWhy();
    }

    public boolean hasVm(String name) {
        return model().vm(VmName.parse("default", name).orElseThrow()).isPresent();
    }

    public boolean hasJob(String name) {
        return model().job(new JobKey("default", name)).isPresent();
    }

    public static JobSpec job(String name, int replicas) {
        return JobSpec.newBuilder()
                .setName(name)
                .setNamespace("default")
                .setReplicas(replicas)
                .setVm(VmTemplate.newBuilder()
                        .setVcpus(1)
                        .setMemoryMib(256)
                        .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY))
                        .setBoot(Boot.newBuilder()
                                .setKernel(ImageSource.newBuilder().setFile("vmlinuz"))))
                .build();
    }

    /** The same with VMs of another size. */
    public static JobSpec sized(JobSpec job, int memoryMib) {
        return job.toBuilder()
                .setVm(job.getVm().toBuilder().setMemoryMib(memoryMib))
                .build();
    }
}
