package io.kelpie.controller.control;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.PoolReservation;
import io.kelpie.proto.v1.Reservation;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What records say that VMs hold of one host. Belongs to the control thread. */
final class Held {
    private int vcpus;
    private long memoryMib;
    private final Map<PageSize, Long> hugepagesMib = new EnumMap<>(PageSize.class);
    private final SortedMap<String, Long> poolMib = new TreeMap<>();
    private final SortedMap<String, Integer> devices = new TreeMap<>();
    private final Map<Integer, NumaNode> byNumaNode = new TreeMap<>(); // by id

    /** What an instance holds, but for its disks; {@code sign} is 1 or -1. */
    void countInstance(Reservation held, int sign) {
        vcpus += sign * held.getVcpus();
        memoryMib += sign * held.getMemoryMib();
        Shapes.pageSize(held.getHugepages())
                .ifPresent(page -> hugepagesMib.merge(page, sign * held.getHugepagesMib(), Math::addExact));
        for (DeviceRequest device : held.getDevicesList()) {
            devices.merge(device.getKind(), sign * device.getCount(), Math::addExact);
        }
        int shares = held.getNumaNodesCount();
        for (int id : held.getNumaNodesList()) {
            byNumaNode.merge(id, share(held, shares, sign), Held::sum);
        }
    }

    /** The space of its disks. */
    void countDisks(Reservation held, int sign) {
        for (PoolReservation pool : held.getPoolsList()) {
            poolMib.merge(pool.getPool(), sign * pool.getSizeMib(), Math::addExact);
        }
    }

    /** What one of the NUMA nodes carries: each share is rounded up, as placement asked for it. */
    private static NumaNode share(Reservation held, int shares, int sign) {
        Map<PageSize, Long> pages = new EnumMap<>(PageSize.class);
        Shapes.pageSize(held.getHugepages())
                .ifPresent(page -> pages.put(page, sign * roundedUp(held.getHugepagesMib(), shares)));
        return new NumaNode(
                sign * (int) roundedUp(held.getVcpus(), shares), sign * roundedUp(held.getMemoryMib(), shares), pages);
    }

    private static NumaNode sum(NumaNode one, NumaNode other) {
        Map<PageSize, Long> pages = new EnumMap<>(PageSize.class);
        pages.putAll(one.hugepagesMib());
        other.hugepagesMib().forEach((page, mib) -> pages.merge(page, mib, Math::addExact));
        return new NumaNode(one.cpus() + other.cpus(), one.memoryMib() + other.memoryMib(), pages);
    }

    private static long roundedUp(long amount, int shares) {
        return (amount + shares - 1) / shares;
    }

    SortedMap<String, Long> poolMib() {
        return poolMib;
    }

    /**
     * As placement sees it.
     *
     * @param orphanVcpus vCPUs of live instances that no record explains
     * @param orphanMemoryMib their memory including QEMU's own, in MiB
     * @param numaNodeIds the host's NUMA nodes, in the order of its capacity
     */
    HostSize size(int orphanVcpus, long orphanMemoryMib, List<Integer> numaNodeIds) {
        List<NumaNode> nodes = new ArrayList<>();
        for (int id : numaNodeIds) {
            nodes.add(byNumaNode.getOrDefault(id, new NumaNode(0, 0)));
        }
        return new HostSize(vcpus + orphanVcpus, memoryMib + orphanMemoryMib, hugepagesMib, poolMib, devices, nodes);
    }

    /** As operators see it. */
    Reservation record(int orphanVcpus, long orphanMemoryMib) {
        return Records.reservation(vcpus + orphanVcpus, memoryMib + orphanMemoryMib, poolMib);
    }
}
