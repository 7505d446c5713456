package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostSize;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Amounts by name, added up the long way; for checks. */
final class Amounts {
    private final Map<String, Long> amounts = new HashMap<>();

    /** What a host has, without overcommit. */
    static Amounts of(HostSize size) {
        Amounts all = new Amounts();
        all.add("vcpus", size.cpus());
        all.add("memory", size.memoryMib());
        size.hugepagesMib().forEach((page, mib) -> all.add("hugepages", mib));
        size.poolMib().forEach((pool, mib) -> all.add("pool " + pool, mib));
        size.devices().forEach((kind, count) -> all.add("device " + kind, count));
        for (int node = 0; node < size.numaNodes().size(); node++) {
            NumaNode numa = size.numaNodes().get(node);
            all.add("vcpus of " + node, numa.cpus());
            all.add("memory of " + node, numa.memoryMib());
            int number = node;
            numa.hugepagesMib().forEach((page, mib) -> all.add("hugepages of " + number, mib));
        }
        return all;
    }

    /** What a VM takes. */
    static Amounts of(Reservation size, int numaMask) {
        Amounts all = new Amounts();
        all.add("vcpus", size.vcpus());
        all.add("memory", size.memoryMib());
        all.add("hugepages", size.hugepagesMib());
        size.poolMib().forEach((pool, mib) -> all.add("pool " + pool, mib));
        size.devices().forEach((kind, count) -> all.add("device " + kind, count));
        int nodes = Integer.bitCount(numaMask);
        for (int node = 0; node < 16; node++) {
            if ((numaMask & (1 << node)) != 0) {
                all.add("vcpus of " + node, ceil(size.vcpus(), nodes));
                all.add("memory of " + node, ceil(size.memoryMib(), nodes));
                all.add("hugepages of " + node, ceil(size.hugepagesMib(), nodes));
            }
        }
        return all;
    }

    private static long ceil(long amount, int parts) {
        return (amount + parts - 1) / parts;
    }

    Amounts copy() {
        Amounts copy = new Amounts();
        copy.add(this, 1);
        return copy;
    }

    long get(String name) {
        return amounts.getOrDefault(name, 0L);
    }

    private void add(String name, long amount) {
        amounts.merge(name, amount, Long::sum);
    }

    void add(Amounts other, int sign) {
        other.amounts.forEach((name, amount) -> add(name, sign * amount));
    }

    /** What is less than zero. */
    List<String> missing() {
        List<String> missing = new ArrayList<>();
        amounts.forEach((name, amount) -> {
            if (amount < 0) {
                missing.add(-amount + " of " + name);
            }
        });
        return missing;
    }

    /** As a host's view tells what is held. */
    HostSize asHeld(int numaNodes) {
        List<NumaNode> nodes = new ArrayList<>();
        for (int node = 0; node < numaNodes; node++) {
            nodes.add(new NumaNode(
                    (int) get("vcpus of " + node),
                    get("memory of " + node),
                    Map.of(PageSize.MIB_2, get("hugepages of " + node))));
        }
        SortedMap<String, Long> pools = new TreeMap<>(Map.of("default", get("pool default")));
        SortedMap<String, Integer> devices = new TreeMap<>(Map.of("gpu", (int) get("device gpu")));
        return new HostSize(
                (int) get("vcpus"), get("memory"), Map.of(PageSize.MIB_2, get("hugepages")), pools, devices, nodes);
    }
}
