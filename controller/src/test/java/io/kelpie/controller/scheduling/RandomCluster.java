package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;

/** Clusters, jobs and requests from a seed, in which every rule removes hosts now and then. */
public final class RandomCluster {
    private static final int JOBS = 8;
    private static final String[] DOMAINS = {"host", "rack", "zone"};

    /** What all VMs of a job have in common. */
    private record Job(JobKey key, VmShape shape, PlacementRules rules, int size) {}

    private final Random random;
    private final List<Job> jobs = new ArrayList<>();
    private int vms;

    public RandomCluster(long seed) {
        random = new Random(seed);
        for (int i = 0; i < JOBS; i++) {
            jobs.add(job("job-" + i));
        }
    }

    /** Any number below a bound, for what a test decides by itself. */
    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** Shuffled by the same chance. */
    public <T> List<T> shuffled(List<T> some) {
        List<T> copy = new ArrayList<>(some);
        Collections.shuffle(copy, random);
        return copy;
    }

    public SchedulingPolicy policy() {
        return new SchedulingPolicy(
                oneOf(100, 150, 400),
                oneOf(Packing.values()),
                oneOf(0, 0, 4),
                oneOf(0, 30, 100),
                oneOf(0, 5),
                NPlusOne.OFF);
    }

    // ---- hosts and what is on them

    /** So many hosts and half as many instances again, wherever chance put them. */
    public ClusterSnapshot snapshot(int hosts) {
        List<HostView> views = new ArrayList<>();
        for (int i = 0; i < hosts; i++) {
            views.add(host("h" + i));
        }
        return populated(views, hosts * 3 / 2);
    }

    /** The hosts with so many instances more. */
    public ClusterSnapshot populated(List<HostView> hosts, int count) {
        Map<String, HostView> views = new TreeMap<>();
        hosts.forEach(host -> views.put(host.id(), host));
        List<InstanceView> instances = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            HostView host = Objects.requireNonNull(
                    views.get(hosts.get(random.nextInt(hosts.size())).id()));
            InstanceView instance = instance(host);
            if (instance.held().numaNodes().size() == instance.shape().numaNodes()) {
                instances.add(instance);
                views.put(
                        host.id(), TestHost.like(host).holding(instance.held()).view());
            }
        }
        return snapshot(new ArrayList<>(views.values()), instances);
    }

    /** In the order of the ids. */
    public static ClusterSnapshot snapshot(List<HostView> hosts, List<InstanceView> instances) {
        return new ClusterSnapshot(
                hosts.stream().sorted(Comparator.comparing(HostView::id)).toList(),
                instances.stream()
                        .sorted(Comparator.comparing(InstanceView::vmId))
                        .toList());
    }

    private InstanceView instance(HostView host) {
        Job job = oneOf(jobs);
        int number = vms++;
        List<Integer> nodes = shuffled(
                IntStream.range(0, host.size().numaNodes().size()).boxed().toList());
        PlacementRequest request = PlacementRequest.of(
                new UUID(1, number), job.key(), number, job.size(), random.nextInt(101), job.shape(), job.rules());
        return InstanceView.of(
                request,
                host.id(),
                nodes.subList(0, Math.min(nodes.size(), job.shape().numaNodes())),
                0);
    }

    /** A host without instances; something else may hold a part of it. */
    public HostView host(String name) {
        int cpus = 1 + random.nextInt(32);
        long memoryMib = 512L * (1 + random.nextInt(64));
        TestHost host = TestHost.host(name)
                .cpus(cpus)
                .memoryMib(memoryMib)
                .usedVcpus(random.nextInt(cpus * 2))
                .usedMemoryMib((long) (random.nextDouble() / 2 * memoryMib))
                .usedPoolMib("default", random.nextInt(102_400))
                .label("disk", oneOf("ssd", "hdd"))
                .paging(oneOf(PagingMode.EPT, PagingMode.NPT, PagingMode.EPT, PagingMode.SHADOW))
                .drivers(drivers())
                .starting(random.nextInt(4));
        addLabels(host);
        addHardware(host, cpus, memoryMib);
        if (oneIn(10)) {
            host.cordoned();
        }
        if (oneIn(10)) {
            host.draining();
        }
        if (oneIn(10)) {
            host.suspect();
        }
        if (oneIn(10)) {
            host.withoutKvm();
        }
        return host.view();
    }

    private void addLabels(TestHost host) {
        if (!oneIn(10)) {
            host.rack("r" + random.nextInt(5));
        }
        if (!oneIn(20)) {
            host.zone(oneOf("a", "b", "c"));
        }
        if (oneIn(6)) {
            host.taint("dedicated", oneOf("db", "web"));
        }
        if (oneIn(12)) {
            host.taint("old", "");
        }
    }

    private void addHardware(TestHost host, int cpus, long memoryMib) {
        if (random.nextBoolean()) {
            host.pool("fast", 1 + random.nextInt(50_000));
        }
        if (random.nextBoolean()) {
            host.hugepages(PageSize.MIB_2, 2L * random.nextInt(4_096));
        }
        if (oneIn(3)) {
            host.hugepages(PageSize.GIB_1, 1_024L * random.nextInt(8));
        }
        if (oneIn(3)) {
            host.devices("gpu", 1 + random.nextInt(4));
        }
        if (oneIn(3)) {
            host.devices("nic", 1 + random.nextInt(8)).usedDevices("nic", random.nextInt(2));
        }
        int nodes = random.nextInt(5);
        for (int i = 0; i < nodes; i++) {
            host.numaNode(Math.max(1, cpus / nodes), memoryMib / nodes, PageSize.MIB_2, 2L * random.nextInt(2_048));
        }
        if (random.nextBoolean()) {
            host.cpuModels("EPYC");
        }
        if (random.nextBoolean()) {
            host.cpuModels("Skylake");
        }
        for (String image : List.of("sha-1", "sha-2", "sha-3")) {
            if (random.nextBoolean()) {
                host.image(image);
            }
        }
    }

    private Set<DriverKind> drivers() {
        Set<DriverKind> drivers = EnumSet.noneOf(DriverKind.class);
        for (DriverKind driver : DriverKind.values()) {
            if (!oneIn(4)) {
                drivers.add(driver);
            }
        }
        return drivers;
    }

    // ---- jobs and requests

    private Job job(String name) {
        TestVm vm = TestVm.vm(0)
                .of(name)
                .vcpus(1 + random.nextInt(8))
                .memoryMib(1 + random.nextInt(4_096))
                .acceleration(oneOf(AccelerationMode.values()))
                .paging(oneOf(PagingRequirement.values()));
        addNeeds(vm);
        addRules(vm, name);
        return new Job(TestVm.job(name), vm.shape(), vm.rules(), oneOf(0, 1, 3, 20));
    }

    private void addNeeds(TestVm vm) {
        if (random.nextBoolean()) {
            vm.disk("default", 1 + random.nextInt(20_000));
        }
        if (oneIn(10)) {
            vm.disk("fast", 1 + random.nextInt(20_000));
        }
        if (oneIn(40)) {
            vm.disk("nowhere", 1);
        }
        if (oneIn(6)) {
            vm.hugepages(oneOf(PageSize.values()));
        }
        if (oneIn(6)) {
            vm.numaNodes(1 + random.nextInt(2));
        }
        if (oneIn(8)) {
            vm.devices("gpu", 1 + random.nextInt(2));
        }
        if (oneIn(12)) {
            vm.devices("nic", 1);
        }
        if (oneIn(40)) {
            vm.devices("fpga", 1);
        }
        if (oneIn(6)) {
            vm.driver(oneOf(DriverKind.values()));
        }
        if (oneIn(8)) {
            vm.cpuModel(oneOf("EPYC", "Skylake"));
        }
        if (random.nextBoolean()) {
            vm.image(oneOf("sha-1", "sha-2", "sha-9"));
        }
    }

    private void addRules(TestVm vm, String name) {
        if (oneIn(8)) {
            vm.require("disk", "ssd", "nvme");
        }
        if (oneIn(8)) {
            vm.require("zone", oneOf("a", "b"));
        }
        if (oneIn(3)) {
            vm.prefer(1 + random.nextInt(100), oneOf("disk", "rack"), oneOf("ssd", "r1"), "r2");
        }
        if (oneIn(2)) {
            vm.spread(oneOf(DOMAINS), 1 + random.nextInt(3));
        }
        if (oneIn(4)) {
            vm.spread(oneOf(DOMAINS), 1 + random.nextInt(2));
        }
        if (oneIn(5)) {
            vm.near(random.nextBoolean() ? name : jobName(), oneOf(DOMAINS));
        }
        if (oneIn(5)) {
            vm.likesNear(jobName(), oneOf(DOMAINS));
        }
        if (oneIn(4)) {
            vm.awayFrom(random.nextBoolean() ? name : jobName(), oneOf(DOMAINS));
        }
        if (oneIn(5)) {
            vm.likesAwayFrom(jobName(), oneOf(DOMAINS));
        }
        if (oneIn(5)) {
            vm.partitions(1 + random.nextInt(3), oneOf(DOMAINS));
        }
        if (oneIn(3)) {
            vm.tolerates("dedicated");
        }
        if (oneIn(3)) {
            vm.tolerates("dedicated", oneOf("db", "web")).tolerates("old", "");
        }
    }

    private String jobName() {
        return "job-" + random.nextInt(JOBS);
    }

    /** Requests for VMs of the jobs, in a cluster of so many hosts. */
    public List<PlacementRequest> requests(int count, int hosts) {
        List<PlacementRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(request(hosts));
        }
        return requests;
    }

    /** A request for another VM of one of the jobs, in a cluster of so many hosts. */
    public PlacementRequest request(int hosts) {
        Job job = oneOf(jobs);
        int number = vms++;
        Optional<String> boundTo = oneIn(15) ? Optional.of("id-h" + random.nextInt(hosts + 1)) : Optional.empty();
        Set<String> avoided = new TreeSet<>();
        while (oneIn(6)) {
            avoided.add("id-h" + random.nextInt(hosts));
        }
        return new PlacementRequest(
                new UUID(0, number),
                job.key(),
                number,
                job.size(),
                50,
                job.shape(),
                job.rules(),
                boundTo,
                boundTo.isPresent() ? "root" : "",
                oneIn(5) ? Optional.of("id-h" + random.nextInt(hosts + 1)) : Optional.empty(),
                avoided,
                boundTo.isEmpty(),
                false);
    }

    private boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }

    private <T> T oneOf(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    @SafeVarargs
    private <T> T oneOf(T... values) {
        return values[random.nextInt(values.length)];
    }
}
