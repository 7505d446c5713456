package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What several VMs need of one host together. Belongs to one thread. */
final class Needs {
    private int vms;
    private long vcpus;
    private long memoryMib;
    private final Map<PageSize, Long> hugepagesMib = new EnumMap<>(PageSize.class);
    private final Map<String, Long> poolMib = new TreeMap<>();
    private final Map<String, Long> devices = new TreeMap<>();
    private long numaVcpus; // of VMs that are bound to NUMA nodes
    private long numaMemoryMib; // likewise

    /** One that was asked for. */
    void add(PlacementRequest request) {
        VmShape shape = request.shape();
        long inPagesMib = shape.hugepages()
                .map(page -> HostLedger.inPagesMib(shape, page))
                .orElse(0L);
        Reservation asked = new Reservation(
                shape.vcpus(),
                HostLedger.ordinaryMib(shape),
                shape.hugepages(),
                inPagesMib,
                shape.poolMib(),
                shape.devices(),
                List.of());
        add(asked, shape.numaNodes() > 0);
    }

    /** One that is there: it needs what it holds. */
    void add(Reservation held, boolean numa) {
        vms++;
        vcpus = Math.addExact(vcpus, held.vcpus());
        memoryMib = Math.addExact(memoryMib, held.memoryMib());
        held.hugepages().ifPresent(page -> hugepagesMib.merge(page, held.hugepagesMib(), Math::addExact));
        held.poolMib().forEach((pool, mib) -> poolMib.merge(pool, mib, Math::addExact));
        held.devices().forEach((kind, count) -> devices.merge(kind, (long) count, Math::addExact));
        if (numa) {
            numaVcpus = Math.addExact(numaVcpus, held.vcpus());
            numaMemoryMib = Math.addExact(numaMemoryMib, held.memoryMib());
        }
    }

    int vms() {
        return vms;
    }

    long vcpus() {
        return vcpus;
    }

    long memoryMib() {
        return memoryMib;
    }

    Map<PageSize, Long> hugepagesMib() {
        return hugepagesMib;
    }

    Map<String, Long> poolMib() {
        return poolMib;
    }

    Map<String, Long> devices() {
        return devices;
    }

    /** vCPUs of those that are bound to NUMA nodes. */
    long numaVcpus() {
        return numaVcpus;
    }

    /** Ordinary memory of those that are bound to NUMA nodes, in MiB. */
    long numaMemoryMib() {
        return numaMemoryMib;
    }
}
