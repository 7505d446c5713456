package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.table.Ask;
import io.kelpie.controller.scheduling.table.HostTable;

/** The leader must hear the host. */
final class HostReadyFilter implements Filter {
    @Override
    public String rule() {
        return "host-ready";
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return hosts.view(host).ready() ? 0 : REJECTED;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        return Rejection.of(
                name,
                "a host that is READY",
                name + " is SUSPECT",
                "",
                "start the agent on " + name + " or see why it is not heard: kelpie describe host " + name);
    }
}
