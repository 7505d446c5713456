package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.List;

/**
 * A place that is kept for a VM until those that it takes the place of are gone, or until its time is up.
 *
 * @param request of the VM, which prefers the host
 * @param hostId the host
 * @param numaNodes the host's NUMA nodes that will carry it; empty if it is bound to none
 * @param untilMillis the place is given up then, in milliseconds since 1970
 */
public record Nomination(PlacementRequest request, String hostId, List<Integer> numaNodes, long untilMillis) {
    public Nomination {
        numaNodes = List.copyOf(numaNodes);
    }
}
