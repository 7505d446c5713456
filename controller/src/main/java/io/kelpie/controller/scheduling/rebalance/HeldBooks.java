package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostView;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Adds to what the view of a host says is held, and takes from it. Pure. */
final class HeldBooks {
    private HeldBooks() {}

    static HostView with(HostView host, Reservation more) {
        return changed(host, more, 1);
    }

    static HostView without(HostView host, Reservation less) {
        return changed(host, less, -1);
    }

    private static HostView changed(HostView host, Reservation by, int sign) {
        HostSize held = host.held();
        SortedMap<String, Long> pools = new TreeMap<>(held.poolMib());
        by.poolMib().forEach((pool, mib) -> pools.merge(pool, sign * mib, Long::sum));
        SortedMap<String, Integer> devices = new TreeMap<>(held.devices());
        by.devices().forEach((kind, count) -> devices.merge(kind, sign * count, Integer::sum));
        HostSize now = new HostSize(
                held.cpus() + sign * by.vcpus(),
                held.memoryMib() + sign * by.memoryMib(),
                hugepages(held.hugepagesMib(), by, sign * by.hugepagesMib()),
                pools,
                devices,
                numaNodes(host, by, sign));
        return new HostView(
                host.id(), host.name(), host.traits(), host.size(), now, host.startsInFlight(), host.images());
    }

    private static Map<PageSize, Long> hugepages(Map<PageSize, Long> held, Reservation by, long mib) {
        Map<PageSize, Long> now = new EnumMap<>(PageSize.class);
        now.putAll(held);
        by.hugepages().ifPresent(page -> now.merge(page, mib, Long::sum));
        return now;
    }

    private static List<NumaNode> numaNodes(HostView host, Reservation by, int sign) {
        List<NumaNode> nodes = new ArrayList<>();
        for (int node = 0; node < host.size().numaNodes().size(); node++) {
            NumaNode held = node < host.held().numaNodes().size()
                    ? host.held().numaNodes().get(node)
                    : new NumaNode(0, 0);
            nodes.add(by.numaNodes().contains(node) ? changed(held, by, sign) : held);
        }
        return nodes;
    }

    /** Each NUMA node carries an equal share, rounded up. */
    private static NumaNode changed(NumaNode held, Reservation by, int sign) {
        int shares = by.numaNodes().size();
        return new NumaNode(
                held.cpus() + sign * (int) share(by.vcpus(), shares),
                held.memoryMib() + sign * share(by.memoryMib(), shares),
                hugepages(held.hugepagesMib(), by, sign * share(by.hugepagesMib(), shares)));
    }

    private static long share(long amount, int shares) {
        return (amount + shares - 1) / shares;
    }
}
