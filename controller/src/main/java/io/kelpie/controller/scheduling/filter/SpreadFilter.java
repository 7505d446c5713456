package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.JobTerms.Spread;

/**
 * A domain may have at most {@code maxSkew} VMs of the job more than the one with the fewest. Only domains with a host
 * that passes every other rule are compared: one that is full or lost holds no VM back. So adding a host never turns a
 * placement into a rejection.
 */
final class SpreadFilter implements Filter {
    private static final long NO_LABEL = 1L << 40;

    @Override
    public String rule() {
        return "spread";
    }

    @Override
    public boolean concerns(Ask ask) {
        return !ask.terms().spread().isEmpty();
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        long distance = 0;
        for (int i = 0; i < ask.terms().spread().size(); i++) {
            distance += distance(host, ask, i);
        }
        return distance;
    }

    private static long distance(int host, Ask ask, int i) {
        Spread spread = ask.terms().spread().get(i);
        int domain = spread.census().domainOf(host);
        if (domain == Domains.NONE) {
            return NO_LABEL;
        }
        if (i >= ask.decidedSpreads()) {
            return 0;
        }
        return Math.max(
                0, spread.census().count(domain) - ask.floor(i) - spread.rule().maxSkew() + 1);
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        int i = 0;
        while (distance(host, ask, i) == 0) {
            i++;
        }
        Census census = ask.terms().spread().get(i).census();
        int maxSkew = ask.terms().spread().get(i).rule().maxSkew();
        int domain = census.domainOf(host);
        if (domain == Domains.NONE) {
            return Rejection.of(
                    name,
                    "a host with label " + census.by(),
                    name + " has no label " + census.by(),
                    "",
                    "label " + name + " with " + census.by() + " in its agent's configuration");
        }
        String where = census.by() + " " + census.nameOf(domain, hosts);
        return Rejection.of(
                name,
                "at most " + maxSkew + " more VMs of the job than where there are fewest, by " + census.by(),
                where + " has " + census.count(domain) + ", the fewest where it could run are " + ask.floor(i),
                "",
                "raise maxSkew of spec.placement.spread by " + census.by() + " to "
                        + (census.count(domain) - ask.floor(i) + 1) + ", or make room where there are fewer");
    }
}
