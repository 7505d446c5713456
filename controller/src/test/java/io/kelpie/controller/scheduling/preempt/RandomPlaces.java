package io.kelpie.controller.scheduling.preempt;

import static io.kelpie.controller.scheduling.preempt.Cluster.host;
import static io.kelpie.controller.scheduling.preempt.Cluster.vm;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.List;
import java.util.Random;

/** Clusters that are nearly full, from a seed, and requests that are more important than some of what is there. */
final class RandomPlaces {
    /** Choices of rules of a request. */
    static final int RULES = 7;

    private static final List<String> JOBS = List.of("a", "b", "c", "d", "e");

    private final Random random;
    private final boolean simple;

    /**
     * @param simple only vCPUs, memory, devices, labels, affinity and anti-affinity
     */
    RandomPlaces(long seed, boolean simple) {
        random = new Random(seed);
        this.simple = simple;
    }

    /** Every VM on it was placed by the rules. */
    Cluster cluster() {
        Cluster cluster = new Cluster();
        int hosts = 2 + random.nextInt(4);
        for (int i = 0; i < hosts; i++) {
            cluster.with(randomHost("h" + i));
        }
        Inventory inventory = new Inventory(Cluster.POLICY, 7, Cluster::size);
        cluster.hosts.forEach(each -> inventory.put(each.view()));
        Search search = new Search(inventory);
        for (int i = 0; i < hosts * 8; i++) {
            TestVm vm = randomVm(JOBS.get(random.nextInt(JOBS.size())), i);
            vm.since(random.nextInt(50));
            int found = search.best(inventory.ask(vm.request()));
            if (found != HostTable.UNKNOWN) {
                inventory.place(inventory.ask(vm.request()), found);
                cluster.on(inventory.hosts().view(found).name(), vm);
                if (rarely()) {
                    cluster.leaving(vm);
                }
            }
        }
        for (String job : JOBS) {
            if (random.nextBoolean()) {
                cluster.budgets.add(new JobBudget(TestVm.job(job), 10, random.nextInt(4), 0));
            }
        }
        return cluster;
    }

    private TestHost randomHost(String name) {
        TestHost host = host(name).cpus(8).memoryMib(8_192).label("rack", "r" + random.nextInt(3));
        host.label("disk", random.nextBoolean() ? "ssd" : "hdd");
        if (random.nextBoolean()) {
            host.devices("gpu", 1 + random.nextInt(2));
        }
        if (rarely()) {
            host.cordoned();
        }
        if (!simple) {
            host.numaNodes(2).pool("default", 1_000).hugepages(PageSize.MIB_2, 4_096);
        }
        return host;
    }

    /** A VM of a job; the rules of a job are the same in all its VMs. */
    TestVm randomVm(String job, int ordinal) {
        TestVm vm = vm(job, ordinal)
                .priority(10 * (1 + random.nextInt(5)))
                .vcpus(1 + random.nextInt(4))
                .memoryMib(512L * (1 + random.nextInt(6)));
        switch (job) {
            case "b" -> vm.awayFrom("a", "rack");
            case "c" -> vm.awayFrom("c", "host");
            case "e" -> vm.awayFrom("web", "host");
            case "d" -> {
                if (!simple) {
                    vm.spread("rack", 1);
                }
            }
            default -> {}
        }
        if (rarely()) {
            vm.devices("gpu", 1);
        }
        if (!simple) {
            if (rarely()) {
                vm.numaNodes(1 + random.nextInt(2));
            }
            if (rarely()) {
                vm.hugepages(PageSize.MIB_2);
            }
            if (rarely()) {
                vm.disk("default", 100L * (1 + random.nextInt(4)));
            }
            if (rarely()) {
                vm.keepingDisks();
            }
        }
        return vm;
    }

    TestVm request() {
        TestVm vm = request("web", 0, random.nextInt(RULES)).priority(35);
        return random.nextInt(6) == 0 ? vm.near("a", "rack") : vm;
    }

    /**
     * Needs no VM of another job.
     *
     * @param rules of its job: one of so many choices
     */
    TestVm request(String job, int ordinal, int rules) {
        TestVm vm = randomVm(job, ordinal).vcpus(1 + random.nextInt(8));
        switch (simple ? rules % 4 : rules) {
            case 0 -> vm.awayFrom("a", "rack");
            case 1 -> vm.awayFrom("c", "host").awayFrom("e", "host");
            case 2 -> vm.require("disk", "ssd");
            case 4 -> vm.spread("rack", 1).awayFrom("a", "rack");
            case 5 -> vm.spread("host", 1).partitions(2, "rack");
            case 6 -> vm.numaNodes(1);
            default -> {}
        }
        return vm;
    }

    private boolean rarely() {
        return random.nextInt(6) == 0;
    }
}
