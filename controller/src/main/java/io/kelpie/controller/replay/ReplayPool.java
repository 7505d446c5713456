package io.kelpie.controller.replay;

import java.util.List;

/**
 * The hosts that a trace is replayed on.
 *
 * @param hosts with different names
 * @param racks names of the racks
 */
public record ReplayPool(List<ReplayHost> hosts, List<String> racks) {
    public ReplayPool {
        hosts = List.copyOf(hosts);
        racks = List.copyOf(racks);
    }
}
