package io.kelpie.controller.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Uuids;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.OrphanOperations;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.control.RecordsOfTerm;
import io.kelpie.controller.control.Standing;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.planning.CapacityPlan;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.view.EventLog;
import io.kelpie.controller.view.FreezeView;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.controller.view.Protos;
import io.kelpie.proto.v1.AcceptStoreRequest;
import io.kelpie.proto.v1.AcceptStoreResponse;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.BackupClusterRequest;
import io.kelpie.proto.v1.BackupClusterResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.GetHostContactRequest;
import io.kelpie.proto.v1.GetHostContactResponse;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.ListEventsResponse;
import io.kelpie.proto.v1.ListOrphansRequest;
import io.kelpie.proto.v1.ListOrphansResponse;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveControllerResponse;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.ResolveOrphanResponse;
import io.kelpie.proto.v1.RestoreClusterRequest;
import io.kelpie.proto.v1.RestoreClusterResponse;
import io.kelpie.proto.v1.StopRebalanceRequest;
import io.kelpie.proto.v1.StopRebalanceResponse;
import io.kelpie.proto.v1.ThawClusterRequest;
import io.kelpie.proto.v1.ThawClusterResponse;
import io.kelpie.proto.v1.VmState;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Operators' calls on the cluster. The status, and when a host was heard, are answered by every controller, whether it
 * leads or not.
 */
public final class ClusterApi extends ClusterServiceGrpc.ClusterServiceImplBase {
    private static final int DEFAULT_EVENTS = 500;
    private static final int MAX_EVENTS = 1_000;

    private final Calls calls;
    private final ControlLoop control;
    private final Leadership leadership;
    private final ClusterStore store;
    private final ControllerFacts facts;
    private final ControllerSetView controllers;
    private final ClusterChanges changes;
    private final Rebalances rebalances;
    private final StoreCare care;
    private final ControlQueue queue;
    private final Executor executor;
    private final HostSilence silence;

    /** Answers of restores, for repetitions; those of a former process are not known, and are refused by the store. */
    private final Map<String, RestoreClusterResponse> restored = new ConcurrentHashMap<>();

    /** {@code executor} runs the steps of backups. */
    ClusterApi(
            Calls calls,
            ControlLoop control,
            Leadership leadership,
            ClusterStore store,
            ControllerFacts facts,
            ControllerSetView controllers,
            StoreCare care,
            ControlQueue queue,
            Executor executor,
            HostSilence silence) {
        this.calls = calls;
        this.control = control;
        this.leadership = leadership;
        this.store = store;
        this.facts = facts;
        this.controllers = controllers;
        this.changes = new ClusterChanges(calls);
        this.rebalances = new Rebalances(calls);
        this.care = care;
        this.queue = queue;
        this.executor = executor;
        this.silence = silence;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> responses) {
        Calls.answer(responses, () -> {
            GetStatusResponse.Builder status = GetStatusResponse.newBuilder()
                    .setControllerId(facts.controllerId())
                    .setVersion(facts.version())
                    .setStoreKind(facts.storeKind())
                    .setStoreConnected(store.isConnected())
                    .addAllWarnings(facts.warnings());
            leadership.leaderAddress().ifPresent(status::setLeaderAddress);
            leadership.readOnly().ifPresent(why -> status.setReadOnlyReason(why.reason() + ". Fix: " + why.fix()));
            care.pins()
                    .get()
                    .ifPresent(pin ->
                            status.setClusterUuid(pin.cluster().toString()).setEpoch(pin.epoch()));
            status.setEpoch(Math.max(status.getEpoch(), leadership.lastEpoch()));
            controllers(status);
            control.view().ifPresent(view -> leading(view, status));
            control.standing()
                    .shown()
                    .flatMap(Standing.Shown::stale)
                    .ifPresent(stale -> status.setStaleSinceMillis(stale.sinceMillis()));
            return status.build();
        });
    }

    private void controllers(GetStatusResponse.Builder status) {
        controllers.clusterUuid().ifPresent(status::setClusterUuid);
        controllers
                .latest()
                .ifPresent(read -> read.set()
                        .ifPresent(set -> status.setControllerSet(ControllerSetRecords.message(set))
                                .addAllAwaitedControllers(set.missing(read.acknowledged()))));
        controllers.entry().ifPresent(entry -> {
            if (entry instanceof ControllerSet.Entry.Refused refused) {
                status.addWarnings("cannot lead: " + refused.why() + ". Fix: " + refused.fix());
            }
        });
    }

    private void leading(LeaderView view, GetStatusResponse.Builder status) {
        FreezeView.State freeze = view.freeze().state();
        status.addAllWarnings(view.warnings().list())
                .setFrozenUntilMillis(freeze.untilMillis())
                .addAllFreezeAwaitedHosts(freeze.awaited());
        status.setVmsUnprotected(view.failover().unprotectedVms());
        view.moves().present().forEach(moves -> status.addMoves(Protos.moves(moves)));
        status.setLeading(true)
                .setLeaderAddress(facts.address())
                .setClusterUuid(view.clusterUuid())
                .setEpoch(view.epoch())
                .setHosts(view.model().hosts().size())
                .setHostsReady((int) view.model().hosts().values().stream()
                        .filter(host -> host.health() == HostHealth.HOST_HEALTH_READY)
                        .count())
                .setHostsFenced((int) view.model().hosts().values().stream()
                        .filter(host -> host.health() == HostHealth.HOST_HEALTH_FENCED)
                        .count())
                .setJobs(view.model().jobs().size())
                .setVms(view.model().vms().size())
                .setVmsRunning((int) view.model().vms().values().stream()
                        .filter(vm -> vm.record().getState() == VmState.VM_STATE_RUNNING)
                        .count());
    }

    @Override
    public void getCapacity(GetCapacityRequest request, StreamObserver<GetCapacityResponse> responses) {
        calls.plan(
                responses,
                () -> {
                    CapacityValidator.check(request);
                    return PlanBasis.now();
                },
                (basis, view) -> CapacityPlan.of(basis, view.model(), request, calls.nowMillis()));
    }

    @Override
    public void rebalance(RebalanceRequest request, StreamObserver<RebalanceResponse> responses) {
        rebalances.rebalance(request, responses);
    }

    @Override
    public void stopRebalance(StopRebalanceRequest request, StreamObserver<StopRebalanceResponse> responses) {
        rebalances.stop(request, responses);
    }

    @Override
    public void backupCluster(BackupClusterRequest request, StreamObserver<BackupClusterResponse> responses) {
        BackupStream stream = new BackupStream((ServerCallStreamObserver<BackupClusterResponse>) responses, executor);
        CompletableFuture<RecordsOfTerm> asked = new CompletableFuture<>();
        asked.whenComplete((records, failure) -> {
            if (failure != null) {
                stream.fail(failure);
            } else {
                stream.begin(records, calls.nowMillis());
            }
        });
        Optional<KelpieException> refusal = control.standing().refusal();
        if (refusal.isPresent()) {
            asked.completeExceptionally(refusal.get());
        } else {
            queue.add(new ControlEvent.RecordsAsked(asked));
        }
    }

    @Override
    public StreamObserver<RestoreClusterRequest> restoreCluster(StreamObserver<RestoreClusterResponse> responses) {
        RestoreUpload upload = new RestoreUpload(care, calls, responses, restored::put);
        return new StreamObserver<>() {
            private boolean answered;

            @Override
            public void onNext(RestoreClusterRequest request) {
                RestoreClusterResponse earlier = restored.get(request.getRequestId());
                if (earlier != null && !answered) {
                    answered = true;
                    responses.onNext(earlier);
                    responses.onCompleted();
                } else if (!answered) {
                    upload.onNext(request);
                }
            }

            @Override
            public void onError(Throwable failure) {
                upload.onError(failure);
            }

            @Override
            public void onCompleted() {
                if (!answered) {
                    upload.onCompleted();
                }
            }
        };
    }

    @Override
    public void acceptStore(AcceptStoreRequest request, StreamObserver<AcceptStoreResponse> responses) {
        try {
            calls.keep(request.getRequestId(), request);
        } catch (KelpieException e) {
            responses.onError(Calls.status(e));
            return;
        }
        leadership.acceptStore().whenComplete((accepted, failure) -> {
            calls.kept(request.getRequestId(), failure);
            if (failure != null) {
                responses.onError(Calls.status(failure));
                return;
            }
            responses.onNext(AcceptStoreResponse.newBuilder()
                    .setClusterUuid(accepted.cluster().toString())
                    .setEpoch(accepted.epoch())
                    .build());
            responses.onCompleted();
        });
    }

    @Override
    public void listOrphans(ListOrphansRequest request, StreamObserver<ListOrphansResponse> responses) {
        Calls.answer(responses, () -> {
            ListOrphansResponse.Builder orphans = ListOrphansResponse.newBuilder();
            calls.view().model().hosts().values().forEach(host -> orphans.addAllOrphans(host.orphans()));
            return orphans.build();
        });
    }

    @Override
    public void resolveOrphan(ResolveOrphanRequest request, StreamObserver<ResolveOrphanResponse> responses) {
        calls.change(responses, request.getRequestId(), request, ResolveOrphanResponse.parser(), () -> {
            if (Uuids.parse(request.getVmId()).isEmpty()) {
                throw KelpieException.invalidField(
                        "vm_id", QuotedText.of(request.getVmId()) + " is no UUID", "see: kelpie get orphans");
            }
            return OrphanOperations.resolve(request);
        });
    }

    @Override
    public void getHostContact(GetHostContactRequest request, StreamObserver<GetHostContactResponse> responses) {
        Calls.answer(responses, () -> {
            if (Uuids.parse(request.getHostId()).isEmpty()) {
                throw KelpieException.invalidField("host_id", "is no UUID", "give the host's id, not its name");
            }
            return silence.own(request.getHostId());
        });
    }

    @Override
    public void addController(AddControllerRequest request, StreamObserver<AddControllerResponse> responses) {
        changes.addController(request, responses);
    }

    @Override
    public void removeController(RemoveControllerRequest request, StreamObserver<RemoveControllerResponse> responses) {
        changes.removeController(request, responses);
    }

    @Override
    public void freezeCluster(FreezeClusterRequest request, StreamObserver<FreezeClusterResponse> responses) {
        changes.freeze(request, responses);
    }

    @Override
    public void thawCluster(ThawClusterRequest request, StreamObserver<ThawClusterResponse> responses) {
        changes.thaw(request, responses);
    }

    @Override
    public void listEvents(ListEventsRequest request, StreamObserver<ListEventsResponse> responses) {
        Calls.answer(responses, () -> {
            if (request.getLimit() < 0 || request.getLimit() > MAX_EVENTS) {
                throw KelpieException.invalidField(
                        "limit", request.getLimit() + " is out of range", "give 0 to " + MAX_EVENTS);
            }
            EventLog events = calls.view().events();
            return ListEventsResponse.newBuilder()
                    .addAllEvents(events.latest(
                            request.getSubject(),
                            request.getAfterSequence(),
                            request.getLimit() == 0 ? DEFAULT_EVENTS : request.getLimit()))
                    .setSinceMillis(events.sinceMillis())
                    .build();
        });
    }
}
