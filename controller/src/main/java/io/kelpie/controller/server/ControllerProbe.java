package io.kelpie.controller.server;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.kelpie.controller.control.ControllerReach;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the other members of the controller set every two seconds who they are, while this controller leads. One that
 * failed to answer twice is unreachable; so is one whose address is answered by another controller, as hosts would get no
 * answer of it either.
 */
final class ControllerProbe implements ControllerReach, AutoCloseable {
    private static final long INTERVAL_MILLIS = 2_000;
    private static final long DEADLINE_MILLIS = 1_500;
    private static final int FAILURES = 2;
    private static final int MAX_MESSAGE_BYTES = 1024 * 1024;

    private record Failure(int times, String why) {}

    private final ControllerSetView controllers;
    private final ScheduledExecutorService thread;

    // Used on the thread only.
    private final Map<Controller, ManagedChannel> channels = new HashMap<>();

    private final Map<String, Failure> failures = new ConcurrentHashMap<>();

    ControllerProbe(ControllerSetView controllers) {
        this.controllers = controllers;
        this.thread = Executors.newSingleThreadScheduledExecutor(
                task -> ControllerServer.daemon(task, "kelpie-controller-probe"));
    }

    /** Begins to ask, whenever this controller leads. */
    void start(BooleanSupplier leads) {
        thread.scheduleWithFixedDelay(() -> ask(leads), INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public Map<String, String> unreachable() {
        Map<String, String> found = new HashMap<>();
        failures.forEach((id, failure) -> {
            if (failure.times() >= FAILURES) {
                found.put(id, failure.why());
            }
        });
        return found;
    }

    private void ask(BooleanSupplier leads) {
        List<Controller> others = leads.getAsBoolean()
                ? controllers.set().map(ControllerSet::members).orElse(List.of()).stream()
                        .filter(member -> !member.id().equals(controllers.self().id()))
                        .toList()
                : List.of();
        failures.keySet()
                .removeIf(id -> others.stream().noneMatch(other -> other.id().equals(id)));
        List.copyOf(channels.keySet()).stream()
                .filter(known -> !others.contains(known))
                .forEach(gone -> {
                    ManagedChannel channel = channels.remove(gone);
                    if (channel != null) {
                        channel.shutdownNow();
                    }
                });
        others.forEach(this::ask);
    }

    private void ask(Controller member) {
        ManagedChannel channel =
                channels.computeIfAbsent(member, asked -> GrpcPeers.channel(asked.address(), MAX_MESSAGE_BYTES));
        Futures.addCallback(
                ClusterServiceGrpc.newFutureStub(channel)
                        .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
                        .getStatus(GetStatusRequest.getDefaultInstance()),
                new FutureCallback<GetStatusResponse>() {
                    @Override
                    public void onSuccess(@Nullable GetStatusResponse status) {
                        String answering = status == null ? "" : status.getControllerId();
                        if (answering.equals(member.id())) {
                            failures.remove(member.id());
                        } else {
                            failed(member, member.address() + " is answered by controller " + answering);
                        }
                    }

                    @Override
                    public void onFailure(Throwable failure) {
                        Status.Code code = Status.fromThrowable(failure).getCode();
                        failed(member, member.address() + ": " + code);
                    }
                },
                MoreExecutors.directExecutor());
    }

    private void failed(Controller member, String why) {
        failures.merge(member.id(), new Failure(1, why), (before, now) -> new Failure(before.times() + 1, why));
    }

    @Override
    public void close() throws InterruptedException {
        thread.shutdownNow();
        thread.awaitTermination(DEADLINE_MILLIS, TimeUnit.MILLISECONDS);
        new ArrayList<>(channels.values()).forEach(ManagedChannel::shutdownNow);
    }
}
