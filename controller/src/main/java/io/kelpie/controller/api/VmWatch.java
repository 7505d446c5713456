package io.kelpie.controller.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One watch: first all VMs as they are, then each change. It sends only what the connection takes; a watcher that falls
 * further behind than changes are remembered is cut off with a version conflict and begins anew.
 *
 * <p>Runs on the watch executor, one step at a time, woken by changes and by the connection getting ready.
 */
final class VmWatch {
    private static final int VMS_PER_MESSAGE = 100;

    private final WatchVmsRequest request;
    private final ReadModel model;
    private final BooleanSupplier termLasts;
    private final Supplier<KelpieException> whyEnded;
    private final ServerCallStreamObserver<WatchVmsResponse> responses;
    private final Executor executor;
    private final Runnable wake = this::wake;
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private @Nullable Iterator<VmView> initial;
    private long version;
    private boolean ended;

    VmWatch(
            WatchVmsRequest request,
            LeaderView view,
            BooleanSupplier termLasts,
            Supplier<KelpieException> whyEnded,
            ServerCallStreamObserver<WatchVmsResponse> responses,
            Executor executor) {
        this.request = request;
        this.model = view.model();
        this.termLasts = termLasts;
        this.whyEnded = whyEnded;
        this.responses = responses;
        this.executor = executor;
        this.version = request.getFromVersion();
    }

    void start() {
        if (request.getFromVersion() == 0) {
            version = model.version();
            initial = model.vms().values().iterator();
        }
        responses.setOnReadyHandler(wake);
        responses.setOnCancelHandler(() -> model.removeListener(wake));
        model.addListener(wake);
        wake();
    }

    private void wake() {
        if (scheduled.compareAndSet(false, true)) {
            executor.execute(this::step);
        }
    }

    private void step() {
        scheduled.set(false);
        if (ended) {
            return;
        }
        if (responses.isCancelled()) {
            end();
            return;
        }
        if (!termLasts.getAsBoolean()) {
            end();
            responses.onError(Calls.status(whyEnded.get()));
            return;
        }
        if (!responses.isReady()) {
            return;
        }
        if (initial != null) {
            sendInitial(initial);
        } else {
            sendChanges();
        }
    }

    private void sendInitial(Iterator<VmView> vms) {
        WatchVmsResponse.Builder response = WatchVmsResponse.newBuilder().setVersion(version);
        while (vms.hasNext() && response.getChangedCount() < VMS_PER_MESSAGE) {
            VmView vm = vms.next();
            if (matches(vm.name())) {
                response.addChanged(Protos.vm(vm, model));
            }
        }
        if (!vms.hasNext()) {
            initial = null;
            response.setSynced(true);
        }
        responses.onNext(response.build());
        wake();
    }

    private void sendChanges() {
        Optional<List<ReadModel.Change>> changes = model.changesAfter(version);
        if (changes.isEmpty()) {
            end();
            responses.onError(Calls.status(new KelpieException(
                    ErrorReason.ERROR_REASON_VERSION_CONFLICT,
                    "changes after version " + version + " are not remembered any more",
                    "watch from the beginning")));
            return;
        }
        Set<VmName> names = new LinkedHashSet<>();
        for (ReadModel.Change change : changes.get()) {
            if (names.size() == VMS_PER_MESSAGE) {
                break;
            }
            version = change.version();
            if (matches(change.name())) {
                names.add(change.name());
            }
        }
        if (names.isEmpty()) {
            return;
        }
        WatchVmsResponse.Builder response =
                WatchVmsResponse.newBuilder().setVersion(version).setSynced(true);
        for (VmName name : names) {
            model.vm(name)
                    .ifPresentOrElse(
                            vm -> response.addChanged(Protos.vm(vm, model)), () -> response.addGone(name.toString()));
        }
        responses.onNext(response.build());
        wake();
    }

    private void end() {
        ended = true;
        model.removeListener(wake);
    }

    private boolean matches(VmName name) {
        boolean inNamespace =
                request.getNamespace().isEmpty() || name.job().namespace().equals(request.getNamespace());
        boolean ofJob = request.getJob().isEmpty() || name.job().name().equals(request.getJob());
        boolean named = request.getName().isEmpty() || name.name().equals(request.getName());
        return inNamespace && ofJob && named;
    }
}
