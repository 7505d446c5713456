package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.TestVm;

/**
 * A VM that a test has placed.
 *
 * @param request what it asked for
 * @param instance its number in the inventory
 * @param host its host's name
 * @param numaMask the host's NUMA nodes that carry it, a bit each
 */
record Placed(TestVm vm, PlacementRequest request, int instance, String host, int numaMask) {
    JobKey job() {
        return request.job();
    }

    PlacementRules rules() {
        return request.rules();
    }

    Reservation size() {
        return Cluster.sizing(request.shape());
    }

    /** Its partition; meaningless if its job has none. */
    int partition() {
        return request.rules()
                .partitions()
                .map(rule -> request.ordinal() % rule.count())
                .orElse(0);
    }
}
