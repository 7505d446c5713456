package io.kelpie.it.benchmark.nplus1;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.it.benchmark.nplus1.FilledCluster.FilledVm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** Kelpie's engine on the same cluster and with the same request as {@code hail}. Used by one thread. */
public final class KelpieAllocation {
    private static final String POOL = "default";
    private static final String NAMESPACE = "bench";
    private static final int PRIORITY = 50;
    private static final long SEED = 1;

    private final SchedulingPolicy policy;
    private final List<HostView> hosts = new ArrayList<>();
    private final List<InstanceView> instances = new ArrayList<>();
    private final PlacementRequest request;

    /**
     * How long it took.
     *
     * @param fromSnapshotNanos all hosts and instances read, as {@code hail} reads its file, and one VM placed
     * @param nextNanos one more VM placed and given back, when all is known; the mean of many
     */
    public record Run(long fromSnapshotNanos, long nextNanos) {}

    public KelpieAllocation(FilledCluster cluster, SchedulingPolicy policy) {
        this.policy = policy;
        long[] vcpus = new long[cluster.hosts()];
        long[] memoryMib = new long[cluster.hosts()];
        long[] diskMib = new long[cluster.hosts()];
        for (int i = 0; i < cluster.vms().size(); i++) {
            FilledVm vm = cluster.vms().get(i);
            VmShape shape = shape(vm.vcpus(), vm.memoryMib());
            Reservation held = held(shape);
            vcpus[vm.host()] += held.vcpus();
            memoryMib[vm.host()] += held.memoryMib();
            diskMib[vm.host()] += FilledCluster.VM_DISK_MIB;
            instances.add(new InstanceView(
                    new UUID(0, i),
                    id(vm.host()),
                    new JobKey(NAMESPACE, "vm-" + i),
                    0,
                    1,
                    PRIORITY,
                    shape,
                    PlacementRules.NONE,
                    held,
                    i,
                    true,
                    Optional.empty()));
        }
        for (int host = 0; host < cluster.hosts(); host++) {
            HostSize size = size(FilledCluster.HOST_CPUS, FilledCluster.HOST_MEMORY_MIB, FilledCluster.HOST_DISK_MIB);
            HostSize held = size(Math.toIntExact(vcpus[host]), memoryMib[host], diskMib[host]);
            hosts.add(new HostView(id(host), id(host), traits(), size, held, 0, Set.of()));
        }
        request = new PlacementRequest(
                new UUID(1, 0),
                new JobKey(NAMESPACE, "asked"),
                0,
                1,
                PRIORITY,
                shape(FilledCluster.ASKED_VCPUS, FilledCluster.ASKED_MEMORY_MIB),
                PlacementRules.NONE,
                Optional.empty(),
                "",
                Optional.empty(),
                Set.of(),
                true,
                false);
    }

    /**
     * Places the one VM that is asked for.
     *
     * @param times how often more, for the mean
     * @throws IllegalStateException if there is no place for it
     */
    public Run run(int times) {
        long begin = System.nanoTime();
        Inventory inventory = new Inventory(policy, SEED, KelpieAllocation::held);
        hosts.forEach(inventory::put);
        instances.forEach(inventory::count);
        Search search = new Search(inventory);
        int instance = place(inventory, search);
        long fromSnapshot = System.nanoTime() - begin;
        inventory.release(instance);
        begin = System.nanoTime();
        for (int i = 0; i < times; i++) {
            inventory.release(place(inventory, search));
        }
        return new Run(fromSnapshot, (System.nanoTime() - begin) / Math.max(1, times));
    }

    private int place(Inventory inventory, Search search) {
        Ask ask = inventory.ask(request);
        int host = search.best(ask);
        if (host == HostTable.UNKNOWN) {
            throw new IllegalStateException("no host for the VM that is asked for");
        }
        return inventory.place(ask, host);
    }

    /** As for hail, QEMU needs nothing beside the guest's memory. */
    private static Reservation held(VmShape shape) {
        return new Reservation(
                shape.vcpus(),
                shape.guestMemoryMib(),
                Optional.empty(),
                0,
                shape.poolMib(),
                shape.devices(),
                List.of());
    }

    private static VmShape shape(int vcpus, long memoryMib) {
        SortedMap<String, Long> pools = new TreeMap<>();
        pools.put(POOL, FilledCluster.VM_DISK_MIB);
        return new VmShape(
                vcpus,
                memoryMib,
                Optional.empty(),
                0,
                pools,
                new TreeMap<>(),
                false,
                AccelerationMode.KVM,
                PagingRequirement.HARDWARE,
                Optional.empty(),
                Optional.empty(),
                Set.of());
    }

    private static HostSize size(int cpus, long memoryMib, long diskMib) {
        SortedMap<String, Long> pools = new TreeMap<>();
        pools.put(POOL, diskMib);
        return new HostSize(cpus, memoryMib, Map.of(), pools, new TreeMap<>(), List.of());
    }

    private static HostTraits traits() {
        return new HostTraits(
                new TreeMap<>(),
                true,
                false,
                false,
                List.of(),
                true,
                PagingMode.EPT,
                Set.of(),
                Set.of(DriverKind.QEMU));
    }

    private static String id(int host) {
        return "host-" + host;
    }
}
