package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.NumaFit;

/** A VM bound to n NUMA nodes needs n of them with room for an equal share each; a host with more of them is nearer. */
final class NumaFilter implements Filter {
    @Override
    public String rule() {
        return "numa";
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.demand().numaNodes() > 0;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        if (ask.demand().numaNodes() == 0) {
            return 0;
        }
        int fitting = Integer.bitCount(NumaFit.fitting(hosts, host, ask.demand()));
        return Math.max(0, ask.demand().numaNodes() - fitting);
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        return ask.demand().numaNodes() > hosts.numaNodes(host);
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        Demand demand = ask.demand();
        int nodes = demand.numaNodes();
        int fitting = Integer.bitCount(NumaFit.fitting(hosts, host, demand));
        String share = demand.vcpusPerNumaNode() + " vCPUs and "
                + (demand.memoryMibPerNumaNode() + (demand.hugepages() == null ? 0 : demand.hugepagesMibPerNumaNode()))
                + " MiB";
        return Rejection.of(
                name,
                nodes == 1 ? "a NUMA node with " + share : nodes + " NUMA nodes with " + share + " each",
                hosts.numaNodes(host) == 0
                        ? "the NUMA nodes of " + name + " are not known"
                        : fitting + " of " + hosts.numaNodes(host),
                Long.toString(distance(hosts, host, ask)),
                nodes == 1
                        ? "leave out spec.vm.numa, or free a NUMA node of " + name
                        : "change spec.vm.numa.nodes, or free NUMA nodes of " + name);
    }
}
