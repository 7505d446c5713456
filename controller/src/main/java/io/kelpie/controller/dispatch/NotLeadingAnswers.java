package io.kelpie.controller.dispatch;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Uuids;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers hosts whose leader cannot grant. Every controller does, from its memory alone: it waits for no store, as it is
 * the loss of the store that makes hosts ask. Thread-safe.
 */
public final class NotLeadingAnswers {
    private final ControllerSetView controllers;
    private final Leadership leadership;
    private final Leases leases;
    private final Consumer<String> contacts;

    /** @param contacts is told the id of each host of this cluster that asks: it is alive */
    public NotLeadingAnswers(
            ControllerSetView controllers, Leadership leadership, Leases leases, Consumer<String> contacts) {
        this.controllers = controllers;
        this.leadership = leadership;
        this.leases = leases;
        this.contacts = contacts;
    }

    /** @throws KelpieException if the host is none of this cluster's */
    ConfirmNotLeadingResponse answer(ConfirmNotLeadingRequest request) {
        if (Uuids.parse(request.getHostId()).isEmpty()) {
            throw KelpieException.invalidField("host_id", "is no UUID", "send a UUID in its usual form");
        }
        ConfirmNotLeadingResponse.Builder response = ConfirmNotLeadingResponse.newBuilder()
                .setControllerId(controllers.self().id())
                .setEpoch(leadership.lastEpoch());
        Optional<ControllerSet.Entry.Refused> other = controllers.otherHolder();
        if (other.isPresent()) {
            // That one may lead, and wait for promises that this one would make in its name.
            return response.setReason(other.get().why()).build();
        }
        Optional<String> cluster = controllers.clusterUuid();
        if (cluster.isEmpty() || controllers.set().isEmpty()) {
            // What it read before it was started does not count: it may have acknowledged a later set since.
            return response.setReason("this controller has not read the set of controllers since it was started")
                    .build();
        }
        if (!cluster.get().equals(request.getClusterUuid())) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_CLUSTER,
                    "host " + request.getHostName() + " belongs to cluster " + request.getClusterUuid()
                            + ", this is cluster " + cluster.get(),
                    "point its agent at its own controllers",
                    Map.of("expected", cluster.get(), "actual", request.getClusterUuid()));
        }
        contacts.accept(request.getHostId());
        response.setControllerSet(ControllerSetRecords.message(controllers.set().get()));
        leases.termSeen(leadership.lastEpoch());
        if (!leases.promiseNotLeading(request.getHostId())) {
            return response.setReason("this controller leads and grants, or is fencing the host")
                    .build();
        }
        return response.setNotLeading(true)
                .setLeaseMillis((int) leases.times().lease().toMillis())
                .build();
    }
}
