package io.kelpie.controller.control;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.controller.leadership.MemoryLeadership;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.memory.MemoryCluster;
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
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A controller on the test's thread: memory store, a clock that moves when told, ticks when told. */
public final class TestController {
    public final TestTime time;
    public final MemoryStore store;
    public final MemoryLeadership leadership;
    public final ControlQueue queue = new ControlQueue();
    public final ControlLoop loop;

    public TestController(MemoryCluster cluster, TestTime time, String id) {
        this.time = time;
        this.store = new MemoryStore(cluster);
        this.leadership = new MemoryLeadership(cluster, id, id + ":7400");
        this.loop = new ControlLoop(
                queue,
                store,
                leadership,
                SchedulingPolicy.DEFAULT,
                List.of(id + ":7400"),
                time,
                new ControlMetrics(new Metrics(), queue));
    }

    public static TestController leading() {
        TestController controller = new TestController(new MemoryCluster(UUID.randomUUID()), new TestTime(), "c1");
        controller.loop.start();
        controller.settle();
        return controller;
    }

    public TestAgent agent(String name) {
        return new TestAgent(queue, time, name);
    }

    public TestAgent connected(String name) {
        TestAgent agent = agent(name);
        agent.connect();
        settle();
        return agent;
    }

    /** Ticks until nothing more happens without time passing. */
    public void settle() {
        for (int i = 0; i < 20; i++) {
            tick();
        }
    }

    public void tick() {
        try {
            loop.tick(0);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
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

    public ReadModel model() {
        return loop.view().orElseThrow().model();
    }

    public VmView vm(String name) {
        return model().vm(VmName.parse("default", name).orElseThrow()).orElseThrow();
    }

    public VmState state(String name) {
        return vm(name).record().getState();
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
}
