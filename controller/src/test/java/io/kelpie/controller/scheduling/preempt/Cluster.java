package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

/** Hosts with VMs on them, described in words, from which the engine's inventory is made. No vCPU is overcommitted. */
final class Cluster {
    static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT.withOvercommit(100);

    /** A VM on a host. */
    record Placed(TestVm vm, String hostName) {}

    final List<TestHost> hosts = new ArrayList<>();
    final List<Placed> placed = new ArrayList<>();
    final Set<UUID> leaving = new HashSet<>();
    final List<JobBudget> budgets = new ArrayList<>();

    /** A host of 8 CPUs, 8,192 MiB and a pool default of 100,000 MiB, unless said. */
    static TestHost host(String name) {
        return TestHost.host(name).memoryMib(8_192).pool("default", 100_000);
    }

    /** A VM of priority 10, placed at instant 0, unless said. */
    static TestVm vm(String job, int ordinal) {
        return TestVm.vm(job, ordinal).priority(10);
    }

    /** What a VM of the shape holds: QEMU nothing of its own. */
    static Reservation size(VmShape shape) {
        boolean huge = shape.hugepages().isPresent();
        return new Reservation(
                shape.vcpus(),
                huge ? 0 : shape.guestMemoryMib(),
                shape.hugepages(),
                huge ? shape.guestMemoryMib() : 0,
                shape.poolMib(),
                shape.devices(),
                List.of());
    }

    Cluster with(TestHost... some) {
        hosts.addAll(List.of(some));
        return this;
    }

    Cluster on(String hostName, TestVm... vms) {
        for (TestVm vm : vms) {
            placed.add(new Placed(vm, hostName));
        }
        return this;
    }

    Cluster leaving(TestVm... vms) {
        for (TestVm vm : vms) {
            leaving.add(vm.id());
        }
        return this;
    }

    /** So many VMs of the job may be ended. */
    Cluster mayEnd(String job, int count) {
        budgets.add(new JobBudget(TestVm.job(job), Integer.MAX_VALUE, count, 0));
        return this;
    }

    /** The same without some VMs. */
    Cluster without(Collection<UUID> gone) {
        Cluster rest = new Cluster();
        rest.hosts.addAll(hosts);
        rest.budgets.addAll(budgets);
        placed.stream().filter(each -> !gone.contains(each.vm().id())).forEach(rest.placed::add);
        leaving.stream().filter(vmId -> !gone.contains(vmId)).forEach(rest.leaving::add);
        return rest;
    }

    TestVm vm(UUID id) {
        return placed.stream()
                .map(Placed::vm)
                .filter(vm -> vm.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    Engine engine() {
        return new Engine(this, 1, PreemptionLimits.DEFAULT);
    }

    /** Its inventory, and what asks it. */
    static final class Engine {
        final Inventory inventory;
        final Search search;
        final Preemptor preemptor;
        private final Map<UUID, Integer> instances = new HashMap<>();

        Engine(Cluster cluster, long seed, PreemptionLimits limits) {
            this(cluster, cluster.hosts, cluster.placed, seed, limits);
        }

        /** The same, where hosts and VMs came in another order. */
        static Engine shuffled(Cluster cluster, long seed, Random order) {
            return new Engine(
                    cluster,
                    shuffled(cluster.hosts, order),
                    shuffled(cluster.placed, order),
                    seed,
                    PreemptionLimits.DEFAULT);
        }

        private Engine(Cluster cluster, List<TestHost> hosts, List<Placed> placed, long seed, PreemptionLimits limits) {
            inventory = new Inventory(POLICY, seed, Cluster::size);
            search = new Search(inventory);
            preemptor = new Preemptor(inventory, search, limits);
            hosts.forEach(host -> inventory.put(host.view()));
            for (Placed each : placed) {
                int host = host(each.hostName());
                int instance = inventory.place(
                        inventory.ask(each.vm().request()), host, each.vm().since());
                inventory.started(instance);
                instances.put(each.vm().id(), instance);
            }
            cluster.leaving.forEach(vmId -> inventory.leaves(instance(vmId)));
            cluster.budgets.forEach(inventory::allow);
        }

        private static <T> List<T> shuffled(List<T> all, Random order) {
            List<T> shuffled = new ArrayList<>(all);
            Collections.shuffle(shuffled, order);
            return shuffled;
        }

        int host(String name) {
            return inventory.hosts().hostIndex(TestHost.id(name));
        }

        Ask ask(TestVm vm) {
            return inventory.ask(vm.request());
        }

        Optional<Preemption> find(TestVm vm) {
            return preemptor.find(ask(vm));
        }

        /** Number of the VM's instance. */
        int instance(UUID vmId) {
            return Objects.requireNonNull(instances.get(vmId));
        }

        boolean isThere(UUID vmId) {
            return instances.containsKey(vmId);
        }

        /** The VM is gone from its host; what it keeps on disk goes on holding its space. */
        void end(TestVm vm) {
            int instance = instance(vm.id());
            instances.remove(vm.id());
            int host = inventory.hostOf(instance);
            inventory.release(instance);
            if (vm.shape().keepsDisks()) {
                TestVm disks =
                        TestVm.vm("kept-of-" + vm, 0).priority(100).vcpus(0).memoryMib(0);
                vm.shape().poolMib().forEach(disks::disk);
                inventory.place(ask(disks), host);
            }
        }

        /** Whether any host passes. */
        boolean hasPlace(TestVm vm) {
            return search.best(ask(vm)) != HostTable.UNKNOWN;
        }

        /** Whether this host passes every rule. */
        boolean passes(TestVm vm, String hostId) {
            Ask ask = ask(vm);
            if (search.best(ask) == HostTable.UNKNOWN) {
                return false;
            }
            int host = inventory.hosts().hostIndex(hostId);
            for (Filter filter : Filters.ALL) {
                if (filter.concerns(ask) && filter.distance(inventory.hosts(), host, ask) > 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
