package io.kelpie.it.endtoend;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.VmTemplate;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** One controller, asked directly: no retries, and nobody is followed. */
final class RawController implements AutoCloseable {
    private static final int DEADLINE_SECONDS = 30;

    private final ManagedChannel channel;

    RawController(String address) {
        channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                .build();
    }

    JobServiceGrpc.JobServiceBlockingStub jobs() {
        return JobServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    VmServiceGrpc.VmServiceBlockingStub vms() {
        return VmServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Asks for two VMs of the guest that {@link Operator} lays into every pool. */
    static ApplyJobRequest request(String name) {
        return ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(JobSpec.newBuilder()
                        .setName(name)
                        .setNamespace("default")
                        .setReplicas(2)
                        .setVm(VmTemplate.newBuilder()
                                .setVcpus(1)
                                .setMemoryMib(16)
                                .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY))
                                .setBoot(Boot.newBuilder()
                                        .setImage(ImageSource.newBuilder().setFile("boot.img")))
                                .setRoot(RootDisk.newBuilder().setSizeMib(1))))
                .build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
