package io.kelpie.controller.store;

import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.Seat;
import java.util.Map;
import java.util.Optional;

/**
 * What the store holds about the controllers.
 *
 * @param clusterUuid the cluster; empty before its first term
 * @param set the committed set; empty: there is none, as before the first term
 * @param acknowledged per controller id, the version that it has noted as read
 * @param seats per controller id, who it is; read after the set
 */
public record ControllersRead(
        Optional<String> clusterUuid,
        Optional<ControllerSet> set,
        Map<String, Long> acknowledged,
        Map<String, Seat> seats) {
    public ControllersRead {
        acknowledged = Map.copyOf(acknowledged);
        seats = Map.copyOf(seats);
    }
}
