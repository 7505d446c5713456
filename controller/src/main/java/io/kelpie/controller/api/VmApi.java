package io.kelpie.controller.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.Explanations;
import io.kelpie.controller.control.Outlook;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.control.VmOperations;
import io.kelpie.controller.dispatch.LogRelay;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.planning.LiveDecision;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.ControlVmResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.GetVmRequest;
import io.kelpie.proto.v1.GetVmResponse;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Operators' calls on VMs. */
public final class VmApi extends VmServiceGrpc.VmServiceImplBase {
    private static final int EVENTS_SHOWN = 50;

    private final Calls calls;
    private final ControlQueue queue;
    private final LogRelay logs;
    private final Executor watchExecutor;

    /** {@code watchExecutor} runs watches; one thread is enough. */
    VmApi(Calls calls, ControlQueue queue, LogRelay logs, Executor watchExecutor) {
        this.calls = calls;
        this.queue = queue;
        this.logs = logs;
        this.watchExecutor = watchExecutor;
    }

    @Override
    public void getVm(GetVmRequest request, StreamObserver<GetVmResponse> responses) {
        Calls.answer(responses, () -> {
            LeaderView view = calls.view();
            VmView vm = find(view.model(), request.getNamespace(), request.getName());
            return GetVmResponse.newBuilder()
                    .setVm(Protos.vm(vm, view.model()))
                    .addAllEvents(view.events().latest("vm/" + vm.name(), 0, EVENTS_SHOWN))
                    .build();
        });
    }

    private static VmView find(ReadModel model, String namespace, String name) {
        return VmName.parse(namespace, name)
                .flatMap(model::vm)
                .orElseThrow(() -> VmOperations.notFound(namespace, name));
    }

    @Override
    public void listVms(ListVmsRequest request, StreamObserver<ListVmsResponse> responses) {
        Calls.answer(responses, () -> {
            ReadModel model = calls.view().model();
            long version = model.version();
            Page<Vm> page = Page.read(
                    model.vms(),
                    after(request.getPageToken()),
                    request.getPageSize(),
                    vm -> matches(vm, request, model),
                    vm -> Protos.vm(vm, model));
            return ListVmsResponse.newBuilder()
                    .addAllVms(page.items())
                    .setNextPageToken(page.nextToken())
                    .setVersion(version)
                    .build();
        });
    }

    private static boolean matches(VmView vm, ListVmsRequest request, ReadModel model) {
        JobKey job = vm.name().job();
        boolean inNamespace =
                request.getNamespace().isEmpty() || job.namespace().equals(request.getNamespace());
        boolean ofJob = request.getJob().isEmpty() || job.name().equals(request.getJob());
        boolean onHost = request.getHostName().isEmpty()
                || model.host(vm.record().getHostId())
                        .map(host -> host.record().getName().equals(request.getHostName()))
                        .orElse(false);
        boolean labelled = request.getLabelsCount() == 0
                || model.job(job)
                        .map(found -> Labels.match(found.record().getSpec().getLabelsMap(), request.getLabelsMap()))
                        .orElse(false);
        return inNamespace && ofJob && onHost && labelled;
    }

    private static @Nullable VmName after(String token) {
        if (token.isEmpty()) {
            return null;
        }
        int slash = token.indexOf('/');
        if (slash < 0) {
            throw Page.badToken(token);
        }
        return VmName.parse(token.substring(0, slash), token.substring(slash + 1))
                .orElseThrow(() -> Page.badToken(token));
    }

    @Override
    public void watchVms(WatchVmsRequest request, StreamObserver<WatchVmsResponse> responses) {
        LeaderView view;
        try {
            view = calls.certainView();
        } catch (KelpieException e) {
            responses.onError(Calls.status(e));
            return;
        }
        VmWatch watch = new VmWatch(
                request,
                view,
                () -> calls.isCurrent(view),
                calls::refusal,
                (ServerCallStreamObserver<WatchVmsResponse>) responses,
                watchExecutor);
        watch.start();
    }

    @Override
    public void controlVm(ControlVmRequest request, StreamObserver<ControlVmResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                ControlVmResponse.parser(),
                () -> VmOperations.control(request));
    }

    @Override
    public void explainVm(ExplainVmRequest request, StreamObserver<ExplainVmResponse> responses) {
        if (!request.getLive()) {
            calls.consult(
                    responses,
                    view -> Outlook.now(find(request, view).name()),
                    (outlook, view) -> explain(find(request, view), outlook.orElse(Outlook.UNKNOWN), view));
            return;
        }
        calls.plan(
                responses,
                () -> PlanBasis.now()
                        .with(Outlook.now(find(request, calls.certainView()).name()), Live::new),
                (live, view) -> {
                    VmView vm = find(request, view);
                    ExplainVmResponse.Builder explained = explain(vm, live.outlook(), view).toBuilder();
                    view.model()
                            .job(vm.name().job())
                            .ifPresent(job -> explained.setLiveDecision(LiveDecision.of(
                                    live.basis(),
                                    job.record(),
                                    explained.getVm().getRecord(),
                                    calls.nowMillis())));
                    return explained.build();
                });
    }

    /** What a decision anew is made from, and what is told beside it. */
    private record Live(PlanBasis basis, Outlook outlook) {}

    private static VmView find(ExplainVmRequest request, LeaderView view) {
        return find(view.model(), request.getNamespace(), request.getName());
    }

    private ExplainVmResponse explain(VmView vm, Outlook outlook, LeaderView view) {
        return Explanations.explain(vm, outlook, view.model(), calls.nowMillis());
    }

    @Override
    public void readVmLog(ReadVmLogRequest request, StreamObserver<ReadVmLogResponse> responses) {
        var reader = (ServerCallStreamObserver<ReadVmLogResponse>) responses;
        try {
            VmView vm = find(calls.view().model(), request.getNamespace(), request.getName());
            String hostId = logHost(vm.record())
                    .orElseThrow(() -> new KelpieException(
                            ErrorReason.ERROR_REASON_NO_INSTANCE,
                            "VM " + vm.name() + " has not run on any host yet, so it has no log",
                            "see what it waits for with: kelpie explain vm "
                                    + vm.name().name(),
                            Map.of("vm", vm.name().name())));
            String logId = logs.open(reader);
            ConnectResponse message = ConnectResponse.newBuilder()
                    .setOpenLog(OpenLog.newBuilder()
                            .setLogId(logId)
                            .setVmId(vm.record().getVmId())
                            .setFollow(request.getFollow())
                            .setTailBytes(request.getTailBytes()))
                    .build();
            CompletableFuture<Void> sent = new CompletableFuture<>();
            sent.whenComplete((done, failure) -> {
                if (failure instanceof KelpieException reason) {
                    logs.fail(logId, reason);
                }
            });
            queue.add(new ControlEvent.HostMessage(hostId, message, sent));
        } catch (KelpieException e) {
            responses.onError(Calls.status(e));
        }
    }

    /** Where the log lies: with the present instance, else with the last one. */
    private static Optional<String> logHost(VmRecord vm) {
        for (String host : new String[] {vm.getHostId(), vm.getLastExit().getHostId(), vm.getStorageHostId()}) {
            if (!host.isEmpty()) {
                return Optional.of(host);
            }
        }
        return Optional.empty();
    }
}
