package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An inventory without overcommit, and beside it a list of what is in it. */
final class Cluster {
    static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT.withOvercommit(100);

    private final Inventory inventory;
    private final Search search;
    private final Backups backups;
    private final Map<String, TestHost> hosts = new TreeMap<>();
    private final List<Placed> placed = new ArrayList<>();

    Cluster(NPlusOne nPlusOne, TestHost... hosts) {
        inventory = new Inventory(POLICY.withNPlusOne(nPlusOne), 7, Cluster::sizing);
        backups = (Backups) inventory.reserve();
        search = new Search(inventory);
        for (TestHost host : hosts) {
            put(host);
        }
    }

    /** A VM of 1000 MiB, QEMU's own left out. */
    static TestVm vm(String job, int ordinal) {
        return TestVm.vm(job, ordinal).memoryMib(1000);
    }

    static TestVm vm(String job) {
        return vm(job, 0);
    }

    /** What a VM of the shape holds: its own size, and for QEMU nothing or, beside hugepages, 100 MiB. */
    static Reservation sizing(VmShape shape) {
        boolean huge = shape.hugepages().isPresent();
        return new Reservation(
                shape.vcpus(),
                huge ? 100 : shape.guestMemoryMib(),
                shape.hugepages(),
                huge ? shape.guestMemoryMib() : 0,
                shape.poolMib(),
                shape.devices(),
                List.of());
    }

    Inventory inventory() {
        return inventory;
    }

    Backups backups() {
        return backups;
    }

    Map<String, TestHost> hosts() {
        return hosts;
    }

    List<Placed> placed() {
        return placed;
    }

    /** A new host, or a changed one. */
    void put(TestHost host) {
        hosts.put(host.name(), host);
        inventory.put(host.view(held(host.name()).asHeld(host.size().numaNodes().size())));
    }

    void remove(String host) {
        hosts.remove(host);
        inventory.remove(host);
    }

    /** What the VMs on a host hold. */
    Amounts held(String host) {
        Amounts held = new Amounts();
        for (Placed vm : placed) {
            if (vm.host().equals(host)) {
                held.add(Amounts.of(vm.size(), vm.numaMask()), 1);
            }
        }
        return held;
    }

    /** Places a VM if a host is found. */
    Optional<Placed> place(TestVm vm) {
        Ask ask = inventory.ask(vm.request());
        int host = search.best(ask);
        return host == HostTable.UNKNOWN ? Optional.empty() : Optional.of(place(vm, ask, host));
    }

    /** Places a VM whatever the rules say. */
    Placed placeOn(String host, TestVm vm) {
        return place(vm, inventory.ask(vm.request()), inventory.hosts().hostIndex(host));
    }

    private Placed place(TestVm vm, Ask ask, int host) {
        int instance = inventory.place(ask, host);
        Placed there = new Placed(
                vm, vm.request(), instance, inventory.hosts().view(host).name(), inventory.numaMask(instance));
        placed.add(there);
        return there;
    }

    void release(Placed vm) {
        placed.remove(vm);
        inventory.release(vm.instance());
    }

    /** The name of a VM's backup when all is settled. */
    Optional<String> backup(Placed vm) {
        backups.settle();
        return backupNow(vm);
    }

    /** The name of a VM's backup; nothing is changed. */
    Optional<String> backupNow(Placed vm) {
        int backup = backups.backupOf(vm.instance());
        return backup == HostTable.UNKNOWN
                ? Optional.empty()
                : Optional.of(inventory.hosts().view(backup).name());
    }

    ClusterSnapshot snapshot() {
        List<HostView> views = new ArrayList<>();
        hosts.forEach((name, host) ->
                views.add(host.view(held(name).asHeld(host.size().numaNodes().size()))));
        List<InstanceView> instances = new ArrayList<>();
        for (Placed vm : placed) {
            List<Integer> nodes = new ArrayList<>();
            for (int node = 0; node < 16; node++) {
                if ((vm.numaMask() & (1 << node)) != 0) {
                    nodes.add(node);
                }
            }
            instances.add(
                    vm.vm().at(vm.host()).onNumaNodes(nodes).instance(vm.size().on(nodes)));
        }
        return new ClusterSnapshot(views, instances);
    }
}
