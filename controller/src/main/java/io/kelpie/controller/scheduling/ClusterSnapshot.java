package io.kelpie.controller.scheduling;

import java.util.List;

/** All hosts and instances at one instant, in the order of their ids. */
public record ClusterSnapshot(List<HostView> hosts, List<InstanceView> instances) {
    public ClusterSnapshot {
        hosts = List.copyOf(hosts);
        instances = List.copyOf(instances);
    }
}
