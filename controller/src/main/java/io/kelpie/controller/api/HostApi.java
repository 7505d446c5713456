package io.kelpie.controller.api;

import io.grpc.stub.StreamObserver;
import io.kelpie.controller.control.HostDeaths;
import io.kelpie.controller.control.HostOperations;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.control.PowerOff;
import io.kelpie.controller.control.Preparation;
import io.kelpie.controller.control.SuspectedHost;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.proto.v1.ConfirmHostDeadRequest;
import io.kelpie.proto.v1.ConfirmHostDeadResponse;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.FenceHostRequest;
import io.kelpie.proto.v1.FenceHostResponse;
import io.kelpie.proto.v1.GetHostRequest;
import io.kelpie.proto.v1.GetHostResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListHostsResponse;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.PreviewDrainResponse;
import io.kelpie.proto.v1.RemoveHostRequest;
import io.kelpie.proto.v1.RemoveHostResponse;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Operators' calls on hosts. */
public final class HostApi extends HostServiceGrpc.HostServiceImplBase {
    private static final int EVENTS_SHOWN = 50;

    private final Calls calls;

    private final HostSilence silence;
    private final FenceRuns fences;
    private final HostDrains drains;

    HostApi(Calls calls, HostSilence silence, FenceRuns fences) {
        this.calls = calls;
        this.silence = silence;
        this.fences = fences;
        this.drains = new HostDrains(calls);
    }

    @Override
    public void getHost(GetHostRequest request, StreamObserver<GetHostResponse> responses) {
        Calls.answer(responses, () -> {
            LeaderView view = calls.view();
            ReadModel model = view.model();
            HostInfo host = model.host(request.getHost()).orElseThrow(() -> HostOperations.notFound(request.getHost()));
            GetHostResponse.Builder response = GetHostResponse.newBuilder().setHost(Protos.host(host));
            model.vms().values().stream()
                    .filter(vm -> vm.record().getHostId().equals(host.record().getHostId()))
                    .forEach(vm -> response.addVms(Protos.vm(vm, model)));
            return response.addAllEvents(
                            view.events().latest("host/" + host.record().getName(), 0, EVENTS_SHOWN))
                    .build();
        });
    }

    @Override
    public void listHosts(ListHostsRequest request, StreamObserver<ListHostsResponse> responses) {
        Calls.answer(responses, () -> {
            String token = request.getPageToken();
            Page<Host> page = Page.read(
                    calls.view().model().hosts(),
                    token.isEmpty() ? null : token,
                    request.getPageSize(),
                    host -> Labels.match(host.record().getLabelsMap(), request.getLabelsMap()),
                    Protos::host);
            return ListHostsResponse.newBuilder()
                    .addAllHosts(page.items())
                    .setNextPageToken(page.nextToken())
                    .build();
        });
    }

    @Override
    public void cordonHost(CordonHostRequest request, StreamObserver<CordonHostResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                CordonHostResponse.parser(),
                () -> HostOperations.cordon(request));
    }

    @Override
    public void previewDrain(PreviewDrainRequest request, StreamObserver<PreviewDrainResponse> responses) {
        drains.preview(request, responses);
    }

    @Override
    public void drainHost(DrainHostRequest request, StreamObserver<DrainHostResponse> responses) {
        drains.drain(request, responses);
    }

    @Override
    public void confirmHostDead(ConfirmHostDeadRequest request, StreamObserver<ConfirmHostDeadResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                ConfirmHostDeadResponse.parser(),
                new Calls.Stages<SuspectedHost>() {
                    @Override
                    public Preparation<Optional<SuspectedHost>> first(UUID requestId) {
                        return HostDeaths.suspect(request.getHost(), requestId);
                    }

                    @Override
                    public CompletableFuture<Void> between(SuspectedHost host) {
                        return silence.requireEverywhere(host);
                    }

                    @Override
                    public Operation operation(SuspectedHost host) {
                        return HostDeaths.confirm(host, silence::requireHere);
                    }
                });
    }

    @Override
    public void fenceHost(FenceHostRequest request, StreamObserver<FenceHostResponse> responses) {
        calls.change(
                responses, request.getRequestId(), request, FenceHostResponse.parser(), new Calls.Stages<PowerOff>() {
                    @Override
                    public Preparation<Optional<PowerOff>> first(UUID requestId) {
                        fences.requirePlugin();
                        return HostDeaths.beginPowerOff(request.getHost(), requestId, UUID.randomUUID());
                    }

                    @Override
                    public CompletableFuture<Void> between(PowerOff begun) {
                        return fences.run(begun);
                    }

                    @Override
                    public Operation operation(PowerOff begun) {
                        return HostDeaths.poweredOff(begun);
                    }

                    @Override
                    public void failed(PowerOff begun, Throwable failure) {
                        calls.tell(HostDeaths.endPowerOff(begun, String.valueOf(failure.getMessage())));
                    }
                });
    }

    @Override
    public void removeHost(RemoveHostRequest request, StreamObserver<RemoveHostResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                RemoveHostResponse.parser(),
                () -> HostDeaths.remove(request));
    }
}
