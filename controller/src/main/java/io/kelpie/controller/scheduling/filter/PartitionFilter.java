package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.HostTable;

/**
 * VMs of different partitions of a job are never in one domain. VMs that are there with other rules than the one that
 * asks are in the partitions of the latter.
 */
final class PartitionFilter implements Filter {
    private static final long NO_LABEL = 1L << 40;

    @Override
    public String rule() {
        return "partitions";
    }

    @Override
    public boolean concerns(Ask ask) {
        return !ask.terms().partitions().isEmpty();
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        if (ask.terms().partitions().isEmpty()) {
            return 0;
        }
        Census census = ask.terms().partitions().get(0).census();
        int domain = census.domainOf(host);
        if (domain == Domains.NONE) {
            return NO_LABEL;
        }
        return census.countOfOthers(domain, ask.partition());
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        Census census = ask.terms().partitions().get(0).census();
        int domain = census.domainOf(host);
        String asked = "a " + census.by() + " of partition " + ask.partition() + " alone";
        if (domain == Domains.NONE) {
            return Rejection.of(
                    name,
                    asked,
                    name + " has no label " + census.by(),
                    "",
                    "label " + name + " with " + census.by() + " in its agent's configuration");
        }
        return Rejection.of(
                name,
                asked,
                census.by() + " " + census.nameOf(domain, hosts) + " has partition "
                        + census.otherPartition(domain, ask.partition()),
                "",
                "add a " + census.by() + ", or lower spec.placement.partitions.count");
    }
}
