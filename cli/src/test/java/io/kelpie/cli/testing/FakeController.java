package io.kelpie.cli.testing;

import static java.util.Objects.requireNonNull;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.AcceptStoreRequest;
import io.kelpie.proto.v1.AcceptStoreResponse;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.BackupClusterRequest;
import io.kelpie.proto.v1.BackupClusterResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ConfirmHostDeadRequest;
import io.kelpie.proto.v1.ConfirmHostDeadResponse;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlJobResponse;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.ControlVmResponse;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.FenceHostRequest;
import io.kelpie.proto.v1.FenceHostResponse;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.GetHostRequest;
import io.kelpie.proto.v1.GetHostResponse;
import io.kelpie.proto.v1.GetJobRequest;
import io.kelpie.proto.v1.GetJobResponse;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.GetVmRequest;
import io.kelpie.proto.v1.GetVmResponse;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.ListEventsResponse;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListHostsResponse;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListJobsResponse;
import io.kelpie.proto.v1.ListOrphansRequest;
import io.kelpie.proto.v1.ListOrphansResponse;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import io.kelpie.proto.v1.MoveProgress;
import io.kelpie.proto.v1.PlanJobRequest;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.PreviewDrainResponse;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveControllerResponse;
import io.kelpie.proto.v1.RemoveHostRequest;
import io.kelpie.proto.v1.RemoveHostResponse;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.ResolveOrphanResponse;
import io.kelpie.proto.v1.RestoreClusterRequest;
import io.kelpie.proto.v1.RestoreClusterResponse;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import io.kelpie.proto.v1.StopRebalanceRequest;
import io.kelpie.proto.v1.StopRebalanceResponse;
import io.kelpie.proto.v1.ThawClusterRequest;
import io.kelpie.proto.v1.ThawClusterResponse;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A controller over real TCP that answers from a {@link FakeCluster}, and whose next answers a test can spoil. Several
 * may share one cluster; at most one leads.
 */
public final class FakeController implements AutoCloseable {
    private final FakeCluster cluster;
    private final Server server;
    private final String id;
    private final String address;
    private volatile boolean leads = true;
    private volatile @Nullable String leaderAddress;
    private volatile @Nullable String readOnly;
    private volatile boolean accepts = true;
    private volatile @Nullable Metadata staleHeaders;
    private final Deque<Spoiler> spoilers = new ConcurrentLinkedDeque<>();

    /** How an answer goes wrong. */
    private enum Spoiler {
        /** The call is done, and its answer is lost with the connection. */
        LOSE_ANSWER,
        /** The call is done, and the controller does not know it. */
        OUTCOME_UNKNOWN,
        /** The call is not done. */
        STORE_UNAVAILABLE,
        /** The controller has a defect; the call is not done. */
        INTERNAL,
        /** The call is not done, and no answer comes. */
        HANG_UNDONE,
        /** The call is done, and no answer comes. */
        HANG
    }

    public FakeController(FakeCluster cluster, String id) {
        this(cluster, id, 0);
    }

    /** Listens on the port of a controller that was closed. */
    public FakeController startAgain() {
        return new FakeController(cluster, id, portOf(address));
    }

    private FakeController(FakeCluster cluster, String id, int port) {
        this.cluster = cluster;
        this.id = id;
        try {
            this.server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                    .intercept(new StaleHeaders())
                    .addService(new Jobs())
                    .addService(new Vms())
                    .addService(new Hosts())
                    .addService(new Cluster())
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.address = "127.0.0.1:" + server.getPort();
    }

    public String address() {
        return address;
    }

    private static int portOf(String address) {
        return Integer.parseInt(address.substring(address.indexOf(':') + 1));
    }

    /** From now on another controller leads, or nobody knows which. */
    public void standBy(@Nullable String newLeader) {
        leads = false;
        leaderAddress = newLeader;
    }

    public void lead() {
        leads = true;
        leaderAddress = null;
    }

    /** It does not trust its store. */
    public void readOnly(String why) {
        readOnly = why;
    }

    /** It trusts its store. */
    public void acceptNothing() {
        accepts = false;
    }

    /** Its answers are marked as stale from now on. */
    public void stale(long sinceMillis, String reason) {
        Metadata headers = new Metadata();
        headers.put(
                Metadata.Key.of("kelpie-stale-since-millis", Metadata.ASCII_STRING_MARSHALLER),
                String.valueOf(sinceMillis));
        headers.put(Metadata.Key.of("kelpie-stale-reason", Metadata.ASCII_STRING_MARSHALLER), reason);
        staleHeaders = headers;
    }

    public void loseNextAnswers(int count) {
        spoil(Spoiler.LOSE_ANSWER, count);
    }

    public void answerOutcomeUnknown(int count) {
        spoil(Spoiler.OUTCOME_UNKNOWN, count);
    }

    public void answerStoreUnavailable(int count) {
        spoil(Spoiler.STORE_UNAVAILABLE, count);
    }

    public void answerInternal(int count) {
        spoil(Spoiler.INTERNAL, count);
    }

    public void hangUndone(int count) {
        spoil(Spoiler.HANG_UNDONE, count);
    }

    public void hang(int count) {
        spoil(Spoiler.HANG, count);
    }

    private void spoil(Spoiler spoiler, int count) {
        for (int i = 0; i < count; i++) {
            spoilers.add(spoiler);
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            if (!server.awaitTermination(5, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the fake controller does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T> void answer(StreamObserver<T> observer, Supplier<T> call) {
        try {
            checkLeads();
            Spoiler spoiler = spoilers.poll();
            if (spoiler == Spoiler.STORE_UNAVAILABLE) {
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
                        "the store cannot be written now; nothing was changed");
            }
            if (spoiler == Spoiler.INTERNAL) {
                throw new KelpieException(ErrorReason.ERROR_REASON_INTERNAL, "a defect in Kelpie");
            }
            if (spoiler == Spoiler.HANG_UNDONE) {
                return;
            }
            T answer = call.get();
            if (spoiler == Spoiler.LOSE_ANSWER) {
                // What a client sees when its connection breaks: no word from the controller itself.
                observer.onError(Status.UNAVAILABLE.asRuntimeException());
                return;
            }
            if (spoiler == Spoiler.OUTCOME_UNKNOWN) {
                throw new KelpieException(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, "the store's answer was lost");
            }
            if (spoiler == Spoiler.HANG) {
                return;
            }
            observer.onNext(answer);
            observer.onCompleted();
        } catch (KelpieException e) {
            observer.onError(GrpcErrors.toStatus(e));
        } catch (StatusRuntimeException e) {
            observer.onError(e);
        }
    }

    private final class StaleHeaders implements ServerInterceptor {
        @Override
        public <Q, S> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
            return next.startCall(
                    new SimpleForwardingServerCall<>(call) {
                        @Override
                        public void sendHeaders(Metadata answered) {
                            Metadata stale = staleHeaders;
                            if (stale != null) {
                                answered.merge(stale);
                            }
                            super.sendHeaders(answered);
                        }
                    },
                    headers);
        }
    }

    private void checkLeads() {
        String why = readOnly;
        if (why != null) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_READ_ONLY, "this controller is read-only: " + why, "decide");
        }
        if (!leads) {
            String leader = leaderAddress;
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_NOT_LEADER,
                    "this controller does not lead",
                    leader == null ? Map.of() : Map.of("leader", leader));
        }
    }

    private final class Jobs extends JobServiceGrpc.JobServiceImplBase {
        @Override
        public void applyJob(ApplyJobRequest request, StreamObserver<ApplyJobResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.apply(request)));
        }

        @Override
        public void planJob(PlanJobRequest request, StreamObserver<PlanJobResponse> observer) {
            answer(observer, () -> cluster.asked(request, cluster.plan));
        }

        @Override
        public void getJob(GetJobRequest request, StreamObserver<GetJobResponse> observer) {
            answer(
                    observer,
                    () -> GetJobResponse.newBuilder()
                            .setJob(cluster.job(request.getNamespace(), request.getName()))
                            .build());
        }

        @Override
        public void listJobs(ListJobsRequest request, StreamObserver<ListJobsResponse> observer) {
            answer(observer, () -> cluster.listJobs(request));
        }

        @Override
        public void scaleJob(ScaleJobRequest request, StreamObserver<ScaleJobResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.scale(request)));
        }

        @Override
        public void controlJob(ControlJobRequest request, StreamObserver<ControlJobResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(
                            request.getRequestId(),
                            request,
                            () -> ControlJobResponse.newBuilder()
                                    .setJob(cluster.job(request.getNamespace(), request.getName()))
                                    .setAffected(cluster.affected)
                                    .build()));
        }

        @Override
        public void deleteJob(DeleteJobRequest request, StreamObserver<DeleteJobResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.delete(request)));
        }
    }

    private final class Vms extends VmServiceGrpc.VmServiceImplBase {
        @Override
        public void getVm(GetVmRequest request, StreamObserver<GetVmResponse> observer) {
            answer(observer, () -> cluster.getVm(request.getNamespace(), request.getName()));
        }

        @Override
        public void listVms(ListVmsRequest request, StreamObserver<ListVmsResponse> observer) {
            answer(observer, () -> cluster.listVms(request));
        }

        @Override
        public void watchVms(WatchVmsRequest request, StreamObserver<WatchVmsResponse> observer) {
            try {
                checkLeads();
            } catch (KelpieException e) {
                observer.onError(GrpcErrors.toStatus(e));
                return;
            }
            cluster.watch(request, observer);
        }

        @Override
        public void controlVm(ControlVmRequest request, StreamObserver<ControlVmResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(
                            request.getRequestId(),
                            request,
                            () -> ControlVmResponse.newBuilder()
                                    .setVm(cluster.getVm(request.getNamespace(), request.getName())
                                            .getVm())
                                    .setChanged(cluster.affected > 0)
                                    .build()));
        }

        @Override
        public void explainVm(ExplainVmRequest request, StreamObserver<ExplainVmResponse> observer) {
            answer(observer, () -> cluster.asked(request, requireNonNull(cluster.explained)));
        }

        @Override
        public void readVmLog(ReadVmLogRequest request, StreamObserver<ReadVmLogResponse> observer) {
            cluster.requests.add(request);
            cluster.log.accept(observer);
        }
    }

    private final class Hosts extends HostServiceGrpc.HostServiceImplBase {
        @Override
        public void getHost(GetHostRequest request, StreamObserver<GetHostResponse> observer) {
            answer(observer, () -> cluster.getHost(request.getHost()));
        }

        @Override
        public void listHosts(ListHostsRequest request, StreamObserver<ListHostsResponse> observer) {
            answer(observer, () -> cluster.listHosts(request));
        }

        @Override
        public void cordonHost(CordonHostRequest request, StreamObserver<CordonHostResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(
                            request.getRequestId(),
                            request,
                            () -> CordonHostResponse.newBuilder()
                                    .setHost(cluster.getHost(request.getHost()).getHost())
                                    .setChanged(cluster.affected > 0)
                                    .build()));
        }

        @Override
        public void previewDrain(PreviewDrainRequest request, StreamObserver<PreviewDrainResponse> observer) {
            answer(observer, () -> cluster.previewDrain(request));
        }

        @Override
        public void drainHost(DrainHostRequest request, StreamObserver<DrainHostResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.drain(request)));
        }

        @Override
        public void confirmHostDead(ConfirmHostDeadRequest request, StreamObserver<ConfirmHostDeadResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(
                            request.getRequestId(),
                            request,
                            () -> ConfirmHostDeadResponse.newBuilder()
                                    .setHost(cluster.changeable(request.getHost()))
                                    .setVmsFreed(cluster.affected)
                                    .build()));
        }

        @Override
        public void fenceHost(FenceHostRequest request, StreamObserver<FenceHostResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(
                            request.getRequestId(),
                            request,
                            () -> FenceHostResponse.newBuilder()
                                    .setHost(cluster.changeable(request.getHost()))
                                    .setVmsFreed(cluster.affected)
                                    .build()));
        }

        @Override
        public void removeHost(RemoveHostRequest request, StreamObserver<RemoveHostResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(request.getRequestId(), request, () -> {
                        cluster.hosts.remove(cluster.changeable(request.getHost())
                                .getRecord()
                                .getName());
                        return RemoveHostResponse.getDefaultInstance();
                    }));
        }
    }

    private final class Cluster extends ClusterServiceGrpc.ClusterServiceImplBase {
        @Override
        public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
            String leader = leaderAddress;
            GetStatusResponse.Builder status = GetStatusResponse.newBuilder()
                    .setClusterUuid("11111111-2222-3333-4444-555555555555")
                    .setControllerId(id)
                    .setLeading(leads)
                    .setLeaderAddress(leads ? address() : leader == null ? "" : leader)
                    .setEpoch(7)
                    .setVersion("0.1.0")
                    .setStoreKind("embedded")
                    .setStoreConnected(true);
            if (leads) {
                status.setHosts(2).setHostsReady(1).setJobs(3).setVms(5).setVmsRunning(4);
                status.addWarnings("connections are plain text");
                cluster.statusOf(status);
            }
            observer.onNext(status.build());
            observer.onCompleted();
        }

        @Override
        public void getCapacity(GetCapacityRequest request, StreamObserver<GetCapacityResponse> observer) {
            answer(observer, () -> cluster.asked(request, cluster.capacity));
        }

        @Override
        public void rebalance(RebalanceRequest request, StreamObserver<RebalanceResponse> observer) {
            answer(
                    observer,
                    () -> request.getDryRun()
                            ? cluster.asked(request, cluster.rebalance)
                            : cluster.change(request.getRequestId(), request, () -> cluster.rebalance));
        }

        @Override
        public void stopRebalance(StopRebalanceRequest request, StreamObserver<StopRebalanceResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(request.getRequestId(), request, () -> {
                        MoveProgress moves = cluster.moves.peek();
                        return moves == null
                                ? StopRebalanceResponse.getDefaultInstance()
                                : StopRebalanceResponse.newBuilder()
                                        .setMoves(moves)
                                        .build();
                    }));
        }

        @Override
        public void backupCluster(BackupClusterRequest request, StreamObserver<BackupClusterResponse> observer) {
            cluster.backup.accept(observer);
        }

        @Override
        public StreamObserver<RestoreClusterRequest> restoreCluster(StreamObserver<RestoreClusterResponse> observer) {
            return new StreamObserver<>() {
                @Override
                public void onNext(RestoreClusterRequest piece) {
                    cluster.restored.add(piece);
                }

                @Override
                public void onError(Throwable cancelled) {
                    cluster.restored.clear();
                }

                @Override
                public void onCompleted() {
                    KelpieException refusal = cluster.restoreRefusal;
                    if (refusal != null) {
                        observer.onError(GrpcErrors.toStatus(refusal));
                        return;
                    }
                    observer.onNext(RestoreClusterResponse.newBuilder()
                            .setRecords(3)
                            .setClusterUuid("11111111-2222-3333-4444-555555555555")
                            .setEpoch(1007)
                            .build());
                    observer.onCompleted();
                }
            };
        }

        @Override
        public void acceptStore(AcceptStoreRequest request, StreamObserver<AcceptStoreResponse> observer) {
            if (!accepts) {
                observer.onError(GrpcErrors.toStatus(new KelpieException(
                        ErrorReason.ERROR_REASON_WRONG_STATE, "this controller already trusts its store", "nothing")));
                return;
            }
            observer.onNext(AcceptStoreResponse.newBuilder()
                    .setClusterUuid("11111111-2222-3333-4444-555555555555")
                    .setEpoch(1007)
                    .build());
            observer.onCompleted();
        }

        @Override
        public void listOrphans(ListOrphansRequest request, StreamObserver<ListOrphansResponse> observer) {
            answer(
                    observer,
                    () -> ListOrphansResponse.newBuilder()
                            .addAllOrphans(cluster.orphans)
                            .build());
        }

        @Override
        public void resolveOrphan(ResolveOrphanRequest request, StreamObserver<ResolveOrphanResponse> observer) {
            answer(
                    observer,
                    () -> cluster.change(request.getRequestId(), request, ResolveOrphanResponse::getDefaultInstance));
        }

        @Override
        public void addController(AddControllerRequest request, StreamObserver<AddControllerResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.add(request)));
        }

        @Override
        public void removeController(
                RemoveControllerRequest request, StreamObserver<RemoveControllerResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.remove(request)));
        }

        @Override
        public void freezeCluster(FreezeClusterRequest request, StreamObserver<FreezeClusterResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, () -> cluster.freeze(request)));
        }

        @Override
        public void thawCluster(ThawClusterRequest request, StreamObserver<ThawClusterResponse> observer) {
            answer(observer, () -> cluster.change(request.getRequestId(), request, cluster::thaw));
        }

        @Override
        public void listEvents(ListEventsRequest request, StreamObserver<ListEventsResponse> observer) {
            answer(observer, () -> cluster.listEvents(request));
        }
    }
}
