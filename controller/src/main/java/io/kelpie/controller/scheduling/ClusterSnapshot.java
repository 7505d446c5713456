package io.kelpie.controller.scheduling;

import java.util.List;

/** All hosts at one instant, in the order of their ids. */
public record ClusterSnapshot(List<HostView> hosts) {
    public ClusterSnapshot {
        hosts = List.copyOf(hosts);
    }
}
