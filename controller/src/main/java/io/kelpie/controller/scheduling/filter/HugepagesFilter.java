package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** The guest's memory must fit into free hugepages of the size asked for. */
final class HugepagesFilter implements Filter {
    @Override
    public String rule() {
        return "hugepages";
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.demand().hugepages() != null;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        PageSize size = ask.demand().hugepages();
        return size == null ? 0 : Math.max(0, ask.demand().hugepagesMib() - hosts.freeHugepagesMib(host, size));
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        return false;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        PageSize size = ask.demand().hugepages();
        if (size == null) {
            throw new IllegalArgumentException("no hugepages are asked for");
        }
        long pages = (distance(hosts, host, ask) + size.mib() - 1) / size.mib();
        return Rejection.of(
                name,
                ask.demand().hugepagesMib() + " MiB in hugepages of " + size,
                Math.max(0, hosts.freeHugepagesMib(host, size)) + " MiB",
                distance(hosts, host, ask) + " MiB",
                "reserve " + pages + " more hugepages of " + size + " on " + name
                        + ", or set spec.vm.hugepages to none");
    }
}
