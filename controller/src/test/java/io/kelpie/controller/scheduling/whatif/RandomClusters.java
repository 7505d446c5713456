package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Clusters with VMs of all kinds of rules, each from a seed. */
public final class RandomClusters {
    /** Of the VMs that were placed so many in a hundred have ended since. */
    private static final int GONE_PERCENT = 40;

    private final Random random;
    private final Cluster cluster = new Cluster();
    private final List<TestVm> pending = new ArrayList<>();
    private final List<String> jobs = new ArrayList<>();

    public RandomClusters(long seed) {
        random = new Random(seed);
    }

    /** Hosts with the VMs that the scheduler placed there, of which some have ended since. */
    public ClusterSnapshot snapshot(int hosts, int vms) {
        for (int i = 0; i < hosts; i++) {
            host("h" + (char) ('a' + i));
        }
        while (pending.size() < vms) {
            newJob();
        }
        SchedulingPolicy policy = SchedulingPolicy.DEFAULT.withPacking(
                random.nextBoolean() ? SchedulingPolicy.Packing.PACK : SchedulingPolicy.Packing.SPREAD);
        Plan plan = Scheduler.plan(
                cluster.snapshot(), pending.stream().map(TestVm::request).toList(), policy, random.nextLong());
        for (int i = 0; i < pending.size(); i++) {
            Decision decision = plan.decisions().get(i);
            TestVm vm = pending.get(i);
            if (decision.host().isPresent() && random.nextInt(100) >= GONE_PERCENT) {
                vm.at(decision.host().get()).onNumaNodes(decision.numaNodes());
            }
        }
        return cluster.snapshot();
    }

    /** Names of the jobs. */
    public List<String> jobs() {
        return jobs;
    }

    public Random random() {
        return random;
    }

    /** One more VM of a new job, that asks for a place. */
    public TestVm newVm() {
        int before = pending.size();
        newJob();
        return pending.get(before);
    }

    private void host(String name) {
        TestHost host = cluster.host(name)
                .cpus(4 + 4 * random.nextInt(3))
                .memoryMib(8_192L * (1 + random.nextInt(3)))
                .pool("default", 50_000L * (1 + random.nextInt(3)))
                .label("rack", "r" + random.nextInt(3))
                .label("disk", oneIn(2) ? "ssd" : "hdd");
        if (oneIn(2)) {
            host.numaNodes(2);
        }
        if (oneIn(3)) {
            host.devices("gpu", 1 + random.nextInt(3));
        }
        if (oneIn(3)) {
            host.hugepages(PageSize.MIB_2, 4_096);
        }
        if (oneIn(8)) {
            host.taint("lab", "x");
        }
        if (oneIn(10)) {
            host.cordoned();
        }
        if (oneIn(12)) {
            host.suspect();
        }
        if (oneIn(3)) {
            host.image("i1");
        }
    }

    private void newJob() {
        String job = "j" + (char) ('a' + jobs.size() / 26) + (char) ('a' + jobs.size() % 26);
        jobs.add(job);
        int size = 1 + random.nextInt(5);
        int kind = random.nextInt(12);
        int vcpus = 1 + random.nextInt(6);
        long memoryMib = 512L * (1 + random.nextInt(6));
        String by = oneIn(2) ? "host" : "rack";
        String other = jobs.get(random.nextInt(jobs.size()));
        boolean wantsSsd = oneIn(6);
        boolean tolerant = oneIn(4);
        for (int ordinal = 0; ordinal < size; ordinal++) {
            TestVm vm = cluster.vm(job + "-" + ordinal)
                    .vcpus(vcpus)
                    .memoryMib(memoryMib)
                    .disk("default", 1_000L * (1 + random.nextInt(9)))
                    .image("i1");
            switch (kind) {
                case 0 -> vm.spread(by, 2);
                case 1 -> vm.spread(by, 1);
                case 2 -> vm.near(job, by);
                case 3 -> vm.near(other, by);
                case 4 -> vm.awayFrom(job, by);
                case 5 -> vm.awayFrom(other, by);
                case 6 -> vm.partitions(2, "rack");
                case 7 -> vm.numaNodes(1);
                case 8 -> vm.devices("gpu", 1);
                case 9 -> vm.hugepages(PageSize.MIB_2);
                case 10 -> vm.prefer(100, "disk", "ssd");
                default -> vm.priority(90);
            }
            if (wantsSsd) {
                vm.require("disk", "ssd");
            }
            if (tolerant) {
                vm.tolerates("lab");
            }
            pending.add(vm);
        }
    }

    private boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }
}
