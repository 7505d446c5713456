package io.kelpie.controller.scheduling.check;

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

/** Hosts as they are with one instance more, or one less. Pure. */
public final class Remainder {
    private Remainder() {}

    /**
     * The host with an instance more.
     *
     * @param withPools whether its disks take space too
     */
    public static HostView with(HostView host, Reservation instance, boolean withPools) {
        return changed(host, instance, withPools, 1);
    }

    /**
     * The host with an instance less.
     *
     * @param withPools whether its disks go too
     */
    public static HostView without(HostView host, Reservation instance, boolean withPools) {
        return changed(host, instance, withPools, -1);
    }

    private static HostView changed(HostView host, Reservation instance, boolean withPools, int sign) {
        HostSize held = host.held();
        SortedMap<String, Long> pools = new TreeMap<>(held.poolMib());
        if (withPools) {
            instance.poolMib().forEach((pool, mib) -> pools.merge(pool, sign * mib, Math::addExact));
        }
        SortedMap<String, Integer> devices = new TreeMap<>(held.devices());
        instance.devices().forEach((kind, count) -> devices.merge(kind, sign * count, Math::addExact));
        HostSize next = new HostSize(
                Math.addExact(held.cpus(), sign * instance.vcpus()),
                Math.addExact(held.memoryMib(), sign * instance.memoryMib()),
                pages(held.hugepagesMib(), instance, sign * instance.hugepagesMib()),
                pools,
                devices,
                nodes(held.numaNodes(), instance, sign));
        return new HostView(
                host.id(), host.name(), host.traits(), host.size(), next, host.startsInFlight(), host.images());
    }

    private static List<NumaNode> nodes(List<NumaNode> held, Reservation instance, int sign) {
        List<NumaNode> nodes = new ArrayList<>(held);
        int shares = instance.numaNodes().size();
        for (int index : instance.numaNodes()) {
            if (index < nodes.size()) {
                NumaNode node = nodes.get(index);
                nodes.set(
                        index,
                        new NumaNode(
                                node.cpus() + sign * (int) share(instance.vcpus(), shares),
                                node.memoryMib() + sign * share(instance.memoryMib(), shares),
                                pages(node.hugepagesMib(), instance, sign * share(instance.hugepagesMib(), shares))));
            }
        }
        return nodes;
    }

    private static Map<PageSize, Long> pages(Map<PageSize, Long> held, Reservation instance, long mib) {
        Map<PageSize, Long> pages = new EnumMap<>(PageSize.class);
        pages.putAll(held);
        instance.hugepages().ifPresent(size -> pages.merge(size, mib, Math::addExact));
        return pages;
    }

    /** Each NUMA node carries an equal share, rounded up. */
    private static long share(long amount, int shares) {
        return (amount + shares - 1) / shares;
    }
}
