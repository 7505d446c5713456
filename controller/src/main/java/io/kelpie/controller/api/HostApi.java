package io.kelpie.controller.api;

import io.grpc.stub.StreamObserver;
import io.kelpie.controller.control.HostOperations;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.GetHostRequest;
import io.kelpie.proto.v1.GetHostResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListHostsResponse;

/** Operators' calls on hosts. */
public final class HostApi extends HostServiceGrpc.HostServiceImplBase {
    private static final int EVENTS_SHOWN = 50;

    private final Calls calls;

    HostApi(Calls calls) {
        this.calls = calls;
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
}
