package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.table.Ask;
import io.kelpie.controller.scheduling.table.HostTable;

/** No new VM goes to a cordoned host. */
final class CordonFilter implements Filter {
    @Override
    public String rule() {
        return "cordon";
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return hosts.view(host).cordoned() ? REJECTED : 0;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        return Rejection.of(
                name,
                "a host that is not cordoned",
                name + " is cordoned",
                "",
                "uncordon " + name + ": kelpie uncordon " + name);
    }
}
