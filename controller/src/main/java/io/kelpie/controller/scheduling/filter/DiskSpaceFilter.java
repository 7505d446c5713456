package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.List;

/**
 * Every pool that the VM asks for must be there and have room. A host that lacks a pool is farther than any that only
 * lacks room. The host that already holds the VM's disks has the room.
 */
final class DiskSpaceFilter implements Filter {
    private static final long POOL_MISSING = 1L << 56;

    @Override
    public String rule() {
        return "disk-space";
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.demand().poolCount() > 0;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        long distance = 0;
        for (int i = 0; i < ask.demand().poolCount(); i++) {
            distance += distance(hosts, host, ask, i);
        }
        return distance;
    }

    private static long distance(HostTable hosts, int host, Ask ask, int i) {
        if (!hosts.hasPool(host, ask.demand().pool(i))) {
            return POOL_MISSING;
        }
        if (host == ask.boundHost()) {
            return 0;
        }
        return Math.max(
                0,
                ask.demand().poolMib(i) - hosts.freePoolMib(host, ask.demand().pool(i)));
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        for (int i = 0; i < ask.demand().poolCount(); i++) {
            if (!hosts.hasPool(host, ask.demand().pool(i))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        List<String> asked = new ArrayList<>();
        List<String> free = new ArrayList<>();
        List<String> shortfall = new ArrayList<>();
        List<String> fix = new ArrayList<>();
        for (int i = 0; i < ask.demand().poolCount(); i++) {
            long missing = distance(hosts, host, ask, i);
            if (missing == 0) {
                continue;
            }
            String pool = ask.demand().poolName(i);
            asked.add(ask.demand().poolMib(i) + " MiB in pool " + pool);
            if (missing == POOL_MISSING) {
                free.add("no pool " + pool + " on " + view.name());
                fix.add(useAnotherPool(view, pool));
            } else {
                free.add(Math.max(0, hosts.freePoolMib(host, ask.demand().pool(i))) + " MiB in pool " + pool);
                shortfall.add(missing + " MiB");
                fix.add("lower the disks in pool " + pool + " by " + missing + " MiB or free as much on "
                        + view.name());
            }
        }
        return Rejection.of(
                view.name(),
                String.join(", ", asked),
                String.join(", ", free),
                String.join(", ", shortfall),
                String.join("; ", fix));
    }

    private static String useAnotherPool(HostView view, String pool) {
        String define = "define pool " + pool + " in the agent's configuration of " + view.name();
        return view.size().poolMib().isEmpty()
                ? define
                : "use pool " + String.join(" or ", view.size().poolMib().keySet()) + ", or " + define;
    }
}
