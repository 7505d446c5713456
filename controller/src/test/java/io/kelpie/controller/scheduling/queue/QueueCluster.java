package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Hosts, VMs and a queue, with the placement engine itself: tells the queue of every change, unless said otherwise, and
 * decides on what it offers. A VM holds what it asks for and not more.
 */
final class QueueCluster {
    /** A VM that has its place. */
    record Running(WaitingVm vm, int instance, String hostId, boolean starting) {}

    final Inventory inventory;
    final PendingQueue queue;
    final Map<String, TestHost> hosts = new TreeMap<>();
    final Map<UUID, WaitingVm> waiting = new LinkedHashMap<>();
    final Map<UUID, Running> running = new LinkedHashMap<>();
    /** VMs in the order in which they were decided on, as {@code shop/web-0}. */
    final List<String> decided = new ArrayList<>();

    final List<String> placed = new ArrayList<>();
    long now = 1;

    private final Search search;

    QueueCluster() {
        this(0, QueueSettings.DEFAULT);
    }

    QueueCluster(int startsInFlightMax, QueueSettings settings) {
        SchedulingPolicy policy =
                new SchedulingPolicy(100, SchedulingPolicy.Packing.PACK, startsInFlightMax, 30, 5, NPlusOne.OFF);
        inventory = new Inventory(policy, 7, QueueCluster::plainly);
        search = new Search(inventory);
        queue = new PendingQueue(new InventoryChecks(inventory), settings);
    }

    /** A host of 16,000 CPUs without pools, unless said. Its id is its name. */
    static TestHost host(String id, long memoryMib) {
        return TestHost.named(id).size(16_000, memoryMib).withoutPools();
    }

    /**
     * A VM of 1 MiB that waits since 0, unless said.
     *
     * @param job namespace and name, as {@code shop/web}
     */
    static TestVm vm(String job, int ordinal) {
        return TestVm.vm(job, ordinal).memoryMib(1);
    }

    private static Reservation plainly(VmShape shape) {
        return new Reservation(
                shape.vcpus(),
                shape.guestMemoryMib(),
                Optional.empty(),
                0,
                new TreeMap<>(),
                shape.devices(),
                List.of());
    }

    // ---- VMs

    void submit(TestVm vm) {
        WaitingVm waits = vm.waiting();
        waiting.put(waits.request().vmId(), waits);
        queue.put(waits);
    }

    /** VMs 0 to {@code count - 1} of a job. */
    void submit(int count, String job) {
        for (int i = 0; i < count; i++) {
            submit(vm(job, i));
        }
    }

    void withdraw(UUID vmId) {
        waiting.remove(vmId);
        queue.remove(vmId);
    }

    /** A VM that runs ends. */
    void end(UUID vmId) {
        Running vm = Objects.requireNonNull(running.remove(vmId));
        inventory.release(vm.instance());
        queue.left(vm.vm().request().job(), vm.vm().request().rules(), vm.hostId());
    }

    void end(String job, int ordinal) {
        end(TestVm.id(job, ordinal));
    }

    /** Its start is over. */
    void started(UUID vmId) {
        Running vm = running(vmId);
        inventory.started(vm.instance());
        running.put(vmId, new Running(vm.vm(), vm.instance(), vm.hostId(), false));
        queue.hostChanged(vm.hostId());
    }

    /** Time goes on, and everything that is ready is decided on. Returns how many VMs that were. */
    int tick() {
        return tick(Integer.MAX_VALUE);
    }

    int tick(int most) {
        queue.advance(now);
        int decisions = 0;
        while (decisions < most) {
            Optional<PlacementRequest> next = queue.next();
            if (next.isEmpty()) {
                return decisions;
            }
            decide(next.get());
            decisions++;
        }
        return decisions;
    }

    private void decide(PlacementRequest request) {
        UUID vmId = request.vmId();
        decided.add(name(request));
        Ask ask = inventory.ask(request);
        int host = search.best(ask);
        if (host == HostTable.UNKNOWN) {
            queue.rejected(vmId, Decision.rejected(vmId, inventory.hosts().count(), List.of()));
        } else {
            String hostId = inventory.hosts().view(host).id();
            running.put(
                    vmId,
                    new Running(
                            Objects.requireNonNull(waiting.remove(vmId)), inventory.place(ask, host), hostId, true));
            placed.add(name(request));
            queue.placed(vmId, hostId);
        }
    }

    static String name(PlacementRequest request) {
        return request.job() + "-" + request.ordinal();
    }

    /** Whether the engine, asked without the queue, would find a place for the VM now. */
    boolean couldBePlaced(WaitingVm vm) {
        return search.best(inventory.ask(vm.requestAt(now))) != HostTable.UNKNOWN;
    }

    /** A VM that has its place. */
    Running running(UUID vmId) {
        return Objects.requireNonNull(running.get(vmId));
    }

    boolean isPlaced(String job, int ordinal) {
        return running.containsKey(TestVm.id(job, ordinal));
    }

    // ---- hosts

    void put(TestHost host) {
        putUntold(host);
        queue.hostChanged(host.id());
    }

    /** The queue hears nothing of it. */
    void putUntold(TestHost host) {
        hosts.put(host.id(), host);
        TestHost now = TestHost.like(host.view());
        int starting = 0;
        for (Running vm : running.values()) {
            if (vm.hostId().equals(host.id())) {
                now.holding(plainly(vm.vm().request().shape()));
                starting += vm.starting() ? 1 : 0;
            }
        }
        inventory.put(now.starting(starting).view());
    }

    /** The same host with other labels, which moves its VMs elsewhere. */
    void relabel(TestHost host) {
        put(host);
        queue.domainsChanged();
    }

    /** Its VMs end first. */
    void remove(String hostId) {
        List<UUID> there = running.entrySet().stream()
                .filter(vm -> vm.getValue().hostId().equals(hostId))
                .map(Map.Entry::getKey)
                .toList();
        there.forEach(this::end);
        hosts.remove(hostId);
        inventory.remove(hostId);
    }
}
