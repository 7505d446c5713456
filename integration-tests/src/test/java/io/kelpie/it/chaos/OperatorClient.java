package io.kelpie.it.chaos;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmServiceGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * An operator who does not give up: asks one controller after the other, with the same request id, until one has
 * answered, and not with a stale view. Thread-safe.
 */
public final class OperatorClient implements AutoCloseable {
    private static final long TRY_MILLIS = 2_500;
    private static final long PAUSE_MILLIS = 200;
    /** What another controller, or the same one later, may answer otherwise. */
    private static final Set<Status.Code> RETRIED = Set.of(
            Status.Code.UNAVAILABLE,
            Status.Code.DEADLINE_EXCEEDED,
            Status.Code.FAILED_PRECONDITION,
            Status.Code.UNKNOWN,
            Status.Code.RESOURCE_EXHAUSTED,
            Status.Code.ABORTED,
            Status.Code.CANCELLED,
            Status.Code.INTERNAL);

    private static final FreshAnswers FRESH = new FreshAnswers();

    private final Map<String, ManagedChannel> channels = new LinkedHashMap<>();
    private volatile String last;

    public OperatorClient(List<String> controllers) {
        for (String controller : controllers) {
            channels.put(
                    controller,
                    Grpc.newChannelBuilder(controller, InsecureChannelCredentials.create())
                            .build());
        }
        last = controllers.get(0);
    }

    /** A call that no controller has answered in time; the outcome is unknown. */
    public static final class NoAnswerException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NoAnswerException(String message, StatusRuntimeException cause) {
            super(message, cause);
        }
    }

    /** Makes or changes a job; returns when that is durable. */
    public ApplyJobResponse apply(JobSpec spec, Duration patience) throws InterruptedException {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(spec)
                .build();
        return call(
                patience,
                channel -> JobServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                        .applyJob(request));
    }

    /** Deletes a job with its disks; returns when that is durable. */
    public DeleteJobResponse delete(JobSpec spec, Duration patience) throws InterruptedException {
        DeleteJobRequest request = DeleteJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setNamespace(spec.getNamespace())
                .setName(spec.getName())
                .setDeleteDisks(true)
                .build();
        return call(
                patience,
                channel -> JobServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                        .deleteJob(request));
    }

    /** Keeps new VMs away from a host, or lets them come again. */
    public void cordon(String host, boolean cordoned, Duration patience) throws InterruptedException {
        CordonHostRequest request = CordonHostRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setHost(host)
                .setCordoned(cordoned)
                .build();
        call(
                patience,
                channel -> HostServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                        .cordonHost(request));
    }

    /** All VMs. */
    public List<Vm> vms(Duration patience) throws InterruptedException {
        return call(patience, channel -> {
            List<Vm> all = new ArrayList<>();
            ListVmsRequest.Builder request = ListVmsRequest.newBuilder();
            ListVmsResponse page;
            do {
                page = VmServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                        .listVms(request.build());
                all.addAll(page.getVmsList());
                request.setPageToken(page.getNextPageToken());
            } while (!page.getNextPageToken().isEmpty());
            return all;
        });
    }

    /** All hosts, of a cluster of few. */
    public List<Host> hosts(Duration patience) throws InterruptedException {
        return call(
                patience,
                channel -> HostServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)
                        .listHosts(ListHostsRequest.getDefaultInstance())
                        .getHostsList());
    }

    /** Any call of the cluster's service. */
    public <T> T cluster(Duration patience, Function<ClusterServiceGrpc.ClusterServiceBlockingStub, T> call)
            throws InterruptedException {
        return call(
                patience,
                channel -> call.apply(ClusterServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(TRY_MILLIS, TimeUnit.MILLISECONDS)));
    }

    /** The channel to one controller. */
    public ManagedChannel channel(String controller) {
        ManagedChannel channel = channels.get(controller);
        if (channel == null) {
            throw new IllegalArgumentException("no controller at " + controller);
        }
        return channel;
    }

    private <T> T call(Duration patience, Function<Channel, T> call) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            List<StatusRuntimeException> failures = new ArrayList<>();
            List<String> order = new ArrayList<>(channels.keySet());
            order.remove(last);
            order.add(0, last);
            for (String controller : order) {
                ManagedChannel channel = channel(controller);
                // After failures a channel waits ever longer before it tries again.
                channel.resetConnectBackoff();
                try {
                    T answer = call.apply(ClientInterceptors.intercept(channel, FRESH));
                    last = controller;
                    return answer;
                } catch (StatusRuntimeException e) {
                    if (!RETRIED.contains(e.getStatus().getCode())) {
                        throw e;
                    }
                    failures.add(e);
                }
            }
            if (System.nanoTime() >= deadline) {
                throw new NoAnswerException("no controller has done it: " + failures, failures.get(0));
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    @Override
    public void close() {
        channels.values().forEach(ManagedChannel::shutdownNow);
    }
}
