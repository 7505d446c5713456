package io.kelpie.agent.server;

import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.kelpie.proto.v1.AgentServiceGrpc;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HeartbeatAck;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.LeaseGrant;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.UploadLogResponse;
import io.kelpie.proto.v1.Welcome;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A leader that knows nothing but what the test tells it; gRPC on a port of its own. */
final class FakeController extends AgentServiceGrpc.AgentServiceImplBase implements AutoCloseable {
    static final UUID CLUSTER = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");

    final List<Hello> hellos = new CopyOnWriteArrayList<>();
    final List<CommandAck> acks = new CopyOnWriteArrayList<>();
    final List<InstanceReport> reports = new CopyOnWriteArrayList<>();
    final StringBuffer log = new StringBuffer();
    final List<Heartbeat> heartbeats = new CopyOnWriteArrayList<>();
    /** Length of what is granted; 0: nothing is. */
    volatile int leaseMillis;

    private final Server server;
    private volatile @Nullable StreamObserver<ConnectResponse> agent;

    FakeController() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(this)
                .build()
                .start();
    }

    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    synchronized void send(ConnectResponse message) {
        StreamObserver<ConnectResponse> stream = agent;
        if (stream == null) {
            throw new AssertionError("no agent is connected");
        }
        stream.onNext(message);
    }

    void command(Command command) {
        send(ConnectResponse.newBuilder().setCommand(command).build());
    }

    void openLog(UUID vmId) {
        send(ConnectResponse.newBuilder()
                .setOpenLog(OpenLog.newBuilder()
                        .setLogId("l1")
                        .setVmId(vmId.toString())
                        .setFollow(true))
                .build());
    }

    InstanceReport awaitReport(Predicate<InstanceReport> wanted) {
        await().atMost(Duration.ofSeconds(40)).until(() -> reports.stream().anyMatch(wanted));
        return reports.stream().filter(wanted).findFirst().orElseThrow();
    }

    @Override
    public StreamObserver<ConnectRequest> connect(StreamObserver<ConnectResponse> newAgent) {
        return new StreamObserver<>() {
            @Override
            public void onNext(ConnectRequest message) {
                switch (message.getMessageCase()) {
                    case HELLO -> {
                        hellos.add(message.getHello());
                        agent = newAgent;
                        send(ConnectResponse.newBuilder()
                                .setWelcome(Welcome.newBuilder()
                                        .setClusterUuid(CLUSTER.toString())
                                        .setEpoch(1)
                                        .setHeartbeatMillis(1_000)
                                        .setKillMarginMillis(1_000))
                                .build());
                    }
                    case HEARTBEAT -> heartbeat(message.getHeartbeat());
                    case ACK -> acks.add(message.getAck());
                    case REPORT -> reports.add(message.getReport());
                    case CAPABILITIES, MESSAGE_NOT_SET -> {
                        // Not of interest.
                    }
                }
            }

            @Override
            public void onError(Throwable failure) {
                agent = null;
            }

            @Override
            public void onCompleted() {
                agent = null;
            }
        };
    }

    private void heartbeat(Heartbeat heartbeat) {
        heartbeats.add(heartbeat);
        send(ConnectResponse.newBuilder()
                .setHeartbeatAck(HeartbeatAck.newBuilder().setSequence(heartbeat.getSequence()))
                .build());
        if (leaseMillis > 0 && heartbeat.getLineage() > 0) {
            send(ConnectResponse.newBuilder()
                    .setLeaseGrant(LeaseGrant.newBuilder()
                            .setEpoch(1)
                            .setSequence(heartbeat.getSequence())
                            .setLineage(heartbeat.getLineage())
                            .setBootId(heartbeat.getBootId())
                            .setLeaseMillis(leaseMillis))
                    .build());
        }
    }

    /** The lineage that the host holds. */
    long awaitLease() {
        Predicate<Heartbeat> holds = heartbeat -> heartbeat.getLineage() > 0 && !heartbeat.getOpens();
        await().atMost(Duration.ofSeconds(40)).until(() -> heartbeats.stream().anyMatch(holds));
        return heartbeats.stream().filter(holds).findFirst().orElseThrow().getLineage();
    }

    @Override
    public StreamObserver<UploadLogRequest> uploadLog(StreamObserver<UploadLogResponse> uploader) {
        return new StreamObserver<>() {
            @Override
            public void onNext(UploadLogRequest message) {
                log.append(message.getData().toStringUtf8()).append(message.getError());
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {
                uploader.onCompleted();
            }
        };
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
