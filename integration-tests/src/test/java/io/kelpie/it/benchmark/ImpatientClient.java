package io.kelpie.it.benchmark;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/** Asks all controllers at once, over and over, so that what is measured is theirs and not a client's pauses. */
final class ImpatientClient implements AutoCloseable {
    private static final long TRY_MILLIS = 1_000;
    private static final long PAUSE_MILLIS = 10;
    private static final long PATIENCE_SECONDS = 90;

    private final List<ManagedChannel> channels = new ArrayList<>();

    ImpatientClient(List<String> controllers) {
        controllers.forEach(
                controller -> channels.add(Grpc.newChannelBuilder(controller, InsecureChannelCredentials.create())
                        .build()));
    }

    /** Submits a job; the instant at which a watch has shown its VM STARTING or RUNNING. */
    long accepted(JobSpec job) throws InterruptedException {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(job)
                .build();
        return first((channel, stop) -> {
            JobServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                    .applyJob(request);
            return seen(
                    channel,
                    job.getName(),
                    vm -> vm.getRecord().getState() == VmState.VM_STATE_STARTING
                            || vm.getRecord().getState() == VmState.VM_STATE_RUNNING);
        });
    }

    /** The instant at which a list of VMs was answered. */
    long readable() throws InterruptedException {
        return first((channel, stop) -> {
            VmServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                    .listVms(ListVmsRequest.newBuilder().setPageSize(100).build());
            return System.nanoTime();
        });
    }

    private static long seen(ManagedChannel channel, String job, Predicate<Vm> condition) {
        Iterator<WatchVmsResponse> steps = VmServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .watchVms(WatchVmsRequest.newBuilder().setJob(job).build());
        while (steps.hasNext()) {
            if (steps.next().getChangedList().stream().anyMatch(condition)) {
                return System.nanoTime();
            }
        }
        throw new IllegalStateException("the watch of " + job + " has ended");
    }

    private long first(BiFunction<ManagedChannel, AtomicBoolean, Long> call) throws InterruptedException {
        BlockingQueue<Long> results = new LinkedBlockingQueue<>();
        AtomicBoolean stop = new AtomicBoolean();
        for (ManagedChannel channel : channels) {
            Thread thread = new Thread(() -> {
                while (!stop.get()) {
                    channel.resetConnectBackoff();
                    try {
                        results.add(call.apply(channel, stop));
                        return;
                    } catch (StatusRuntimeException notNow) {
                        pause();
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        Long result = results.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        stop.set(true);
        if (result == null) {
            throw new IllegalStateException("no controller has done it within " + PATIENCE_SECONDS + " s");
        }
        return result;
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
