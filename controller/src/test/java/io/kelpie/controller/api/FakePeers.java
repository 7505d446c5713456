package io.kelpie.controller.api;

import io.grpc.Status;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.GetHostContactResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Controllers that answer what a test says; others do not answer. */
final class FakePeers implements Peers {
    private final Map<String, GetHostContactResponse> answers = new HashMap<>();
    final List<String> asked = new ArrayList<>();
    Runnable whenAsked = () -> {};

    void heard(String controller, long millisAgo) {
        answers.put(controller, contact(controller, true, millisAgo));
    }

    void listensFor(String controller, long millis) {
        answers.put(controller, contact(controller, false, millis));
    }

    private static GetHostContactResponse contact(String controller, boolean heard, long millisAgo) {
        return GetHostContactResponse.newBuilder()
                .setControllerId(controller)
                .setHeard(heard)
                .setMillisAgo(millisAgo)
                .build();
    }

    @Override
    public CompletableFuture<GetHostContactResponse> hostContact(
            ControllerMember member, String hostId, Duration deadline) {
        asked.add(member.getControllerId() + " " + hostId + " " + deadline.toMillis());
        whenAsked.run();
        GetHostContactResponse answer = answers.get(member.getControllerId());
        return answer != null
                ? CompletableFuture.completedFuture(answer)
                : CompletableFuture.failedFuture(Status.DEADLINE_EXCEEDED.asRuntimeException());
    }
}
