package io.kelpie.controller.planning;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import java.util.HashMap;
import java.util.Map;

/** Names of the hosts of a snapshot. Immutable. */
final class HostNames {
    private final Map<String, String> byId = new HashMap<>();

    HostNames(ClusterSnapshot snapshot) {
        for (HostView host : snapshot.hosts()) {
            byId.put(host.id(), host.name());
        }
    }

    /** The name of a host, or its id if it is not of the snapshot. */
    String of(String id) {
        return byId.getOrDefault(id, id);
    }
}
