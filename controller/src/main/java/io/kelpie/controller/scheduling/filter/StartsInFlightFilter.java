package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** A host starts so many instances at once and no more; the others wait a moment. */
final class StartsInFlightFilter implements Filter {
    @Override
    public String rule() {
        return "starts-in-flight";
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.startsInFlightMax() > 0;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return ask.startsInFlightMax() == 0 ? 0 : Math.max(0, hosts.startsInFlight(host) + 1 - ask.startsInFlightMax());
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        return Rejection.of(
                name,
                "at most " + ask.startsInFlightMax() + " instances that are starting",
                name + " is starting " + hosts.startsInFlight(host),
                "",
                "wait, it is tried again as soon as one of them runs");
    }
}
