package io.kelpie.it.benchmark;

import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.Processes;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.StopPolicy;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.VmTemplate;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Starts the guest by Kelpie: a new job of one VM, sent by a plain stub on a warm channel. The same client watches VMs,
 * and what it counts as running is the word RUNNING on that watch: later than QMP's {@code running} by the agent's
 * report, the controller's commit and the way back to the client.
 */
final class KelpieStarts implements AutoCloseable {
    private static final String NAMESPACE = "bench";
    private static final Duration STEP_MAX = Duration.ofSeconds(60);

    private final LocalCluster cluster;
    private final Path image;
    private final ManagedChannel channel;
    private final JobServiceGrpc.JobServiceFutureStub jobs;
    private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
    private int count;

    /**
     * What became of one start.
     *
     * @param answered nanoseconds until the client had its answer, so that the job was durable
     * @param accepted nanoseconds until the client saw that the host had the start in its ledger
     * @param running nanoseconds until the client saw that the guest runs
     */
    record Start(long answered, long accepted, long running) {}

    private record Seen(long atNanos, WatchVmsResponse response) {}

    KelpieStarts(LocalCluster cluster, Path image) {
        this.cluster = cluster;
        this.image = image;
        this.channel = NettyChannelBuilder.forTarget(cluster.leader().address())
                .usePlaintext()
                .build();
        this.jobs = JobServiceGrpc.newFutureStub(channel);
        VmServiceGrpc.newStub(channel)
                .watchVms(WatchVmsRequest.newBuilder().setNamespace(NAMESPACE).build(), new StreamObserver<>() {
                    @Override
                    public void onNext(WatchVmsResponse response) {
                        seen.add(new Seen(System.nanoTime(), response));
                    }

                    @Override
                    public void onError(Throwable failure) {
                        if (Status.fromThrowable(failure).getCode() != Status.Code.UNAVAILABLE) {
                            System.err.println("the watch has ended: " + failure);
                        }
                    }

                    @Override
                    public void onCompleted() {}
                });
    }

    Start measure() throws InterruptedException, IOException {
        String job = "start-" + count++;
        Start start = start(job);
        delete(job);
        return start;
    }

    /** A running VM's QEMU, told to a visitor and then ended. */
    void visit(Visitor visitor) throws InterruptedException, IOException {
        String job = "start-" + count++;
        start(job);
        Processes.Identity qemu = Processes.recordedBelow(cluster.folder()).stream()
                .filter(each -> each.role().equals("qemu") && each.runs())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no QEMU runs"));
        String arguments =
                Files.readString(Path.of("/proc", Long.toString(qemu.pid()), "cmdline"), StandardCharsets.ISO_8859_1);
        visitor.visit(Arrays.asList(arguments.split("\0")));
        delete(job);
    }

    /** Looks at a QEMU that Kelpie runs. */
    interface Visitor {
        /** @param arguments its command line, the program first */
        void visit(List<String> arguments) throws IOException;
    }

    private Start start(String job) throws InterruptedException {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(spec(job))
                .build();
        long begin = System.nanoTime();
        ListenableFuture<ApplyJobResponse> answer = jobs.applyJob(request);
        long[] answeredAt = {0};
        answer.addListener(() -> answeredAt[0] = System.nanoTime(), Runnable::run);
        long accepted = 0;
        while (true) {
            Seen next = next();
            for (Vm vm : next.response().getChangedList()) {
                VmState state = vm.getRecord().getState();
                if (!vm.getRecord().getJob().equals(job)) {
                    continue;
                }
                if (accepted == 0 && (state == VmState.VM_STATE_STARTING || state == VmState.VM_STATE_RUNNING)) {
                    accepted = next.atNanos();
                }
                if (state == VmState.VM_STATE_RUNNING) {
                    get(answer);
                    return new Start(answeredAt[0] - begin, accepted - begin, next.atNanos() - begin);
                }
                if (vm.getRecord().hasLastExit()) {
                    throw new IllegalStateException(
                            "the VM did not start: " + vm.getRecord().getLastExit());
                }
            }
        }
    }

    /** Ends the VM and waits until nothing of it is left, so that it takes nothing from the next measurement. */
    private void delete(String job) throws InterruptedException {
        get(jobs.deleteJob(DeleteJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setNamespace(NAMESPACE)
                .setName(job)
                .setDeleteDisks(true)
                .build()));
        while (!next().response().getGoneList().contains(NAMESPACE + "/" + job + "-0")) {
            // Its way there does not matter.
        }
        await("the QEMU of " + job + " to end")
                .atMost(STEP_MAX)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> Processes.recordedBelow(cluster.agent(0).folder()).stream()
                        .noneMatch(Processes.Identity::runs));
    }

    private Seen next() throws InterruptedException {
        Seen next = seen.poll(STEP_MAX.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new IllegalStateException(
                    "nothing was seen of the VM for " + STEP_MAX.toSeconds() + " s\n" + cluster.logs());
        }
        return next;
    }

    private static <T> T get(ListenableFuture<T> future) throws InterruptedException {
        try {
            return future.get(STEP_MAX.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the controller refused the call or did not answer", e);
        }
    }

    private JobSpec spec(String name) {
        return JobSpec.newBuilder()
                .setNamespace(NAMESPACE)
                .setName(name)
                .setReplicas(1)
                .setRestart(RestartPolicy.newBuilder().setPolicy(RestartPolicy.Policy.POLICY_NEVER))
                .setVm(VmTemplate.newBuilder()
                        .setVcpus(1)
                        .setMemoryMib(Guest.MEMORY_MIB)
                        .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_TCG))
                        .setBoot(Boot.newBuilder()
                                .setImage(ImageSource.newBuilder().setFile(image.toString())))
                        .setRoot(RootDisk.newBuilder().setSizeMib(Guest.ROOT_MIB))
                        .addDisks(DataDisk.newBuilder().setName("data").setSizeMib(Guest.DATA_MIB))
                        .setStop(StopPolicy.newBuilder().setGraceSeconds(0))
                        .setDriver(DriverChoice.DRIVER_CHOICE_QEMU))
                .build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
