package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.controller.backup.Restore;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.control.TestController;
import io.kelpie.controller.dispatch.AgentStreams;
import io.kelpie.controller.dispatch.HostContacts;
import io.kelpie.controller.dispatch.LeaderWatches;
import io.kelpie.controller.dispatch.LogRelay;
import io.kelpie.controller.dispatch.NotLeadingAnswers;
import io.kelpie.controller.store.memory.MemorySurgery;
import io.kelpie.controller.trust.MemoryClusterPins;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.proto.v1.AgentServiceGrpc;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmServiceGrpc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

/** The services over a controller on the test's thread. A change is answered when the controller is let settle. */
final class TestApi implements AutoCloseable {
    final TestController controller;
    final MemoryAuditLog audit = new MemoryAuditLog();
    final HostContacts contacts;
    final FakePeers peers = new FakePeers();
    final FakeFencePlugin plugin = new FakeFencePlugin();
    final HostServiceGrpc.HostServiceFutureStub hostChanges;
    final JobServiceGrpc.JobServiceBlockingStub jobs;
    final JobServiceGrpc.JobServiceFutureStub jobChanges;
    final VmServiceGrpc.VmServiceBlockingStub vms;
    final VmServiceGrpc.VmServiceFutureStub vmPlans;
    final HostServiceGrpc.HostServiceBlockingStub hosts;
    final ClusterServiceGrpc.ClusterServiceBlockingStub cluster;
    final ClusterServiceGrpc.ClusterServiceFutureStub clusterChanges;
    final AgentServiceGrpc.AgentServiceBlockingStub agentCalls;
    final VmServiceGrpc.VmServiceStub vmStreams;
    final AgentServiceGrpc.AgentServiceStub agents;

    private final Server server;
    private final ManagedChannel channel;

    TestApi(TestController controller) {
        this(controller, Runnable::run);
    }

    /** @param slow runs what takes time */
    TestApi(TestController controller, Executor slow) {
        this.controller = controller;
        this.contacts = new HostContacts(controller.time);
        LogRelay logs = new LogRelay();
        String name = UUID.randomUUID().toString();
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name)
                .directExecutor()
                .intercept(new StaleHeaders())
                .addService(new AgentStreams(
                        controller.queue,
                        controller.leases,
                        new NotLeadingAnswers(
                                controller.controllers, controller.leadership, controller.leases, contacts::heard),
                        new LeaderWatches(),
                        logs,
                        contacts,
                        controller.time));
        OperatorServices.create(
                        controller.loop,
                        controller.queue,
                        controller.leadership,
                        controller.store,
                        logs,
                        new ControllerFacts("c1", "c1:7400", "test", "embedded", List.of()),
                        care(controller),
                        controller.controllers,
                        audit,
                        new HostSafety(contacts, peers, Optional.of(plugin)),
                        Runnable::run,
                        slow,
                        controller.time)
                .forEach(builder::addService);
        try {
            server = builder.build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        hostChanges = HostServiceGrpc.newFutureStub(channel);
        jobs = JobServiceGrpc.newBlockingStub(channel);
        jobChanges = JobServiceGrpc.newFutureStub(channel);
        vms = VmServiceGrpc.newBlockingStub(channel);
        vmPlans = VmServiceGrpc.newFutureStub(channel);
        hosts = HostServiceGrpc.newBlockingStub(channel);
        cluster = ClusterServiceGrpc.newBlockingStub(channel);
        clusterChanges = ClusterServiceGrpc.newFutureStub(channel);
        agentCalls = AgentServiceGrpc.newBlockingStub(channel);
        vmStreams = VmServiceGrpc.newStub(channel);
        agents = AgentServiceGrpc.newStub(channel);
    }

    private static StoreCare care(TestController controller) {
        MemoryClusterPins pins = new MemoryClusterPins();
        return new StoreCare(
                pins,
                new Restore(
                        new MemorySurgery(controller.cluster),
                        controller.store,
                        pins,
                        new ShownEpochs(),
                        controller.leadership::readOnly,
                        controller.controllers::set,
                        controller.controllers.self(),
                        controller.time),
                Path.of(System.getProperty("java.io.tmpdir")),
                Runnable::run);
    }

    static TestApi leading() {
        return new TestApi(TestController.leading());
    }

    ManagedChannel channel() {
        return channel;
    }

    /** Lets the controller settle, then gives the answer, which must be there. */
    <T> T settled(ListenableFuture<T> answer) {
        controller.settle();
        assertThat(answer).isDone();
        try {
            return Objects.requireNonNull(Futures.getDone(answer));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StatusRuntimeException status) {
                throw status;
            }
            throw new AssertionError(e);
        }
    }

    ApplyJobResponse apply(JobSpec spec) {
        return settled(jobChanges.applyJob(ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(spec)
                .build()));
    }

    ApplyJobResponse apply(String namespace, String name, int replicas) {
        return apply(TestController.job(name, replicas).toBuilder()
                .setNamespace(namespace)
                .putLabels("of", namespace)
                .build());
    }

    void delete(String name) {
        settled(jobChanges.deleteJob(DeleteJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setNamespace("default")
                .setName(name)
                .build()));
    }

    /** A connected host on which all VMs of a new job run. */
    TestAgent running(String job, int replicas) {
        TestAgent agent = controller.connected("h1");
        apply("default", job, replicas);
        for (Command start : agent.takeCommands()) {
            agent.accept(start);
            agent.runs(start);
        }
        controller.settle();
        agent.takeMessages();
        return agent;
    }

    /** What a refused call says. */
    static ErrorInfo refused(Status.Code code, String reason, Runnable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
        assertThat(failure).as("a refusal").isNotNull();
        assertThat(failure.getStatus().getCode()).as(failure.toString()).isEqualTo(code);
        ErrorInfo info = GrpcErrors.info(failure).orElseThrow();
        assertThat(info.getReason()).isEqualTo(reason);
        assertThat(info.getMetadataOrThrow("fix")).isNotBlank();
        return info;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
