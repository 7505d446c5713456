package io.kelpie.controller.api;

import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.view.EventLog;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.ListEventsResponse;
import io.kelpie.proto.v1.VmState;

/** Operators' calls on the cluster. The status is answered by every controller, whether it leads or not. */
public final class ClusterApi extends ClusterServiceGrpc.ClusterServiceImplBase {
    private static final int DEFAULT_EVENTS = 500;
    private static final int MAX_EVENTS = 1_000;

    private final Calls calls;
    private final ControlLoop control;
    private final Leadership leadership;
    private final ClusterStore store;
    private final ControllerFacts facts;

    ClusterApi(Calls calls, ControlLoop control, Leadership leadership, ClusterStore store, ControllerFacts facts) {
        this.calls = calls;
        this.control = control;
        this.leadership = leadership;
        this.store = store;
        this.facts = facts;
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
            control.view().ifPresent(view -> leading(view, status));
            return status.build();
        });
    }

    private void leading(LeaderView view, GetStatusResponse.Builder status) {
        status.setLeading(true)
                .setLeaderAddress(facts.address())
                .setClusterUuid(view.clusterUuid())
                .setEpoch(view.epoch())
                .setHosts(view.model().hosts().size())
                .setHostsReady((int) view.model().hosts().values().stream()
                        .filter(host -> host.health() == HostHealth.HOST_HEALTH_READY)
                        .count())
                .setJobs(view.model().jobs().size())
                .setVms(view.model().vms().size())
                .setVmsRunning((int) view.model().vms().values().stream()
                        .filter(vm -> vm.record().getState() == VmState.VM_STATE_RUNNING)
                        .count());
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
