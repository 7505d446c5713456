package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.Set;

/** A host that refused a start of the VM is left out for a while. */
final class RefusedLatelyFilter implements Filter {
    @Override
    public String rule() {
        return "refused-lately";
    }

    @Override
    public boolean concerns(Ask ask) {
        return !ask.avoidedHosts().isEmpty();
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        Set<String> avoided = ask.avoidedHosts();
        return !avoided.isEmpty() && avoided.contains(hosts.view(host).id()) ? REJECTED : 0;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        return Rejection.of(
                name,
                "a host that did not refuse the last start",
                name + " refused it",
                "",
                "wait, " + name + " is tried again by itself; kelpie describe of the VM shows why it refused");
    }
}
