package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.Taint;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A host for tests: ready, 8 CPUs, 16384 MiB, pool default of 102400 MiB, qemu, KVM verified with EPT, unless said. What
 * is said later changes the same host.
 */
public final class TestHost {
    private final String id;
    private final String name;
    private final SortedMap<String, String> labels = new TreeMap<>();
    private final List<Taint> taints = new ArrayList<>();
    private final Set<String> cpuModels = new TreeSet<>();
    private final Set<String> images = new TreeSet<>();
    private boolean cordoned;
    private boolean draining;
    private boolean ready = true;
    private boolean kvmVerified = true;
    private PagingMode pagingMode = PagingMode.EPT;
    private Set<DriverKind> drivers = EnumSet.of(DriverKind.QEMU);
    private int startsInFlight;

    private int cpus = 8;
    private long memoryMib = 16_384;
    private final Map<PageSize, Long> hugepagesMib = new EnumMap<>(PageSize.class);
    private final SortedMap<String, Long> pools = new TreeMap<>();
    private final SortedMap<String, Integer> devices = new TreeMap<>();
    private final List<NumaNode> numaNodes = new ArrayList<>();
    private int evenNumaNodes;

    private int usedVcpus;
    private long usedMemoryMib;
    private final Map<PageSize, Long> usedHugepagesMib = new EnumMap<>(PageSize.class);
    private final SortedMap<String, Long> usedPoolMib = new TreeMap<>();
    private final SortedMap<String, Integer> usedDevices = new TreeMap<>();
    private final SortedMap<Integer, NumaNode> usedNumaNodes = new TreeMap<>();

    private TestHost(String id, String name) {
        this.id = id;
        this.name = name;
        pools.put("default", 102_400L);
    }

    /** Its id is {@code id-} and its name. */
    public static TestHost host(String name) {
        return new TestHost(id(name), name);
    }

    /** Its id is its name, for tests in which the two cannot be mixed up. */
    public static TestHost named(String name) {
        return new TestHost(name, name);
    }

    /** The id of {@link #host}. */
    public static String id(String name) {
        return "id-" + name;
    }

    /** The same host: what is called from now on changes the copy. */
    public static TestHost like(HostView view) {
        TestHost host = new TestHost(view.id(), view.name());
        HostTraits traits = view.traits();
        host.labels.putAll(traits.labels());
        host.taints.addAll(traits.taints());
        host.cpuModels.addAll(traits.cpuModels());
        host.images.addAll(view.images());
        host.cordoned = traits.cordoned();
        host.draining = traits.draining();
        host.ready = traits.ready();
        host.kvmVerified = traits.kvmVerified();
        host.pagingMode = traits.pagingMode();
        host.drivers = traits.drivers();
        host.startsInFlight = view.startsInFlight();
        host.cpus = view.size().cpus();
        host.memoryMib = view.size().memoryMib();
        host.hugepagesMib.putAll(view.size().hugepagesMib());
        host.pools.clear();
        host.pools.putAll(view.size().poolMib());
        host.devices.putAll(view.size().devices());
        host.numaNodes.addAll(view.size().numaNodes());
        host.usedVcpus = view.held().cpus();
        host.usedMemoryMib = view.held().memoryMib();
        host.usedHugepagesMib.putAll(view.held().hugepagesMib());
        host.usedPoolMib.putAll(view.held().poolMib());
        host.usedDevices.putAll(view.held().devices());
        for (int node = 0; node < view.held().numaNodes().size(); node++) {
            host.usedNumaNodes.put(node, view.held().numaNodes().get(node));
        }
        return host;
    }

    public TestHost label(String label, String value) {
        labels.put(label, value);
        return this;
    }

    public TestHost rack(String rack) {
        return label("rack", rack);
    }

    public TestHost zone(String zone) {
        return label("zone", zone);
    }

    public TestHost taint(String key, String value) {
        taints.add(new Taint(key, value));
        return this;
    }

    public TestHost withoutTaints() {
        taints.clear();
        return this;
    }

    public TestHost cordoned() {
        return cordoned(true);
    }

    public TestHost cordoned(boolean now) {
        cordoned = now;
        return this;
    }

    public TestHost draining() {
        draining = true;
        return this;
    }

    public TestHost suspect() {
        ready = false;
        return this;
    }

    public TestHost cpuModels(String... models) {
        cpuModels.addAll(List.of(models));
        return this;
    }

    public TestHost image(String digest) {
        images.add(digest);
        return this;
    }

    public TestHost starting(int instances) {
        startsInFlight = instances;
        return this;
    }

    public TestHost cpus(int count) {
        cpus = count;
        return this;
    }

    public TestHost memoryMib(long mib) {
        memoryMib = mib;
        return this;
    }

    public TestHost size(int newCpus, long newMemoryMib) {
        return cpus(newCpus).memoryMib(newMemoryMib);
    }

    public TestHost hugepages(PageSize size, long mib) {
        hugepagesMib.put(size, mib);
        return this;
    }

    public TestHost pool(String pool, long mib) {
        pools.put(pool, mib);
        return this;
    }

    public TestHost withoutPools() {
        pools.clear();
        return this;
    }

    public TestHost devices(String kind, int count) {
        devices.put(kind, count);
        return this;
    }

    /** Its CPUs, memory and hugepages are split evenly over so many NUMA nodes. */
    public TestHost numaNodes(int count) {
        evenNumaNodes = count;
        return this;
    }

    public TestHost numaNode(int nodeCpus, long mib) {
        numaNodes.add(new NumaNode(nodeCpus, mib));
        return this;
    }

    public TestHost numaNode(int nodeCpus, long mib, PageSize size, long hugeMib) {
        numaNodes.add(new NumaNode(nodeCpus, mib, Map.of(size, hugeMib)));
        return this;
    }

    public TestHost withoutKvm() {
        kvmVerified = false;
        pagingMode = PagingMode.NONE;
        return this;
    }

    public TestHost paging(PagingMode mode) {
        pagingMode = mode;
        return this;
    }

    public TestHost drivers(Set<DriverKind> usable) {
        drivers = usable;
        return this;
    }

    public TestHost usedVcpus(int vcpus) {
        usedVcpus = vcpus;
        return this;
    }

    public TestHost usedMemoryMib(long mib) {
        usedMemoryMib = mib;
        return this;
    }

    public TestHost usedHugepages(PageSize size, long mib) {
        usedHugepagesMib.put(size, mib);
        return this;
    }

    public TestHost usedPoolMib(String pool, long mib) {
        usedPoolMib.put(pool, mib);
        return this;
    }

    public TestHost usedDevices(String kind, int count) {
        usedDevices.put(kind, count);
        return this;
    }

    public TestHost usedNumaNode(int node, int vcpus, long mib) {
        usedNumaNodes.put(node, new NumaNode(vcpus, mib));
        return this;
    }

    /** Holds nothing at all. */
    public TestHost empty() {
        usedVcpus = 0;
        usedMemoryMib = 0;
        usedHugepagesMib.clear();
        usedPoolMib.clear();
        usedDevices.clear();
        usedNumaNodes.clear();
        return this;
    }

    /** Holds one more instance; its disks too. */
    public TestHost holding(Reservation held) {
        return holding(held, true);
    }

    /**
     * Holds one more instance.
     *
     * @param disks whether its disks come with it; else they are held already
     */
    public TestHost holding(Reservation held, boolean disks) {
        return changedBy(held, 1, disks);
    }

    /** Holds an instance less; its disks too. */
    public TestHost releasing(Reservation held) {
        return changedBy(held, -1, true);
    }

    private TestHost changedBy(Reservation held, int sign, boolean disks) {
        usedVcpus += sign * held.vcpus();
        usedMemoryMib += sign * held.memoryMib();
        held.hugepages().ifPresent(size -> usedHugepagesMib.merge(size, sign * held.hugepagesMib(), Long::sum));
        if (disks) {
            held.poolMib().forEach((pool, mib) -> usedPoolMib.merge(pool, sign * mib, Long::sum));
        }
        held.devices().forEach((kind, count) -> usedDevices.merge(kind, sign * count, Integer::sum));
        int shares = held.numaNodes().size();
        for (int node : held.numaNodes()) {
            NumaNode before = usedNumaNodes.getOrDefault(node, new NumaNode(0, 0));
            Map<PageSize, Long> pages = new EnumMap<>(PageSize.class);
            pages.putAll(before.hugepagesMib());
            held.hugepages()
                    .ifPresent(size -> pages.merge(size, sign * roundedUp(held.hugepagesMib(), shares), Long::sum));
            usedNumaNodes.put(
                    node,
                    new NumaNode(
                            before.cpus() + sign * (int) roundedUp(held.vcpus(), shares),
                            before.memoryMib() + sign * roundedUp(held.memoryMib(), shares),
                            pages));
        }
        return this;
    }

    private static long roundedUp(long amount, int shares) {
        return (amount + shares - 1) / shares;
    }

    public String id() {
        return id;
    }

    public String name() {
        return name;
    }

    /** What it has, without overcommit. */
    public HostSize size() {
        return new HostSize(cpus, memoryMib, hugepagesMib, pools, devices, nodes());
    }

    private List<NumaNode> nodes() {
        List<NumaNode> nodes = new ArrayList<>(numaNodes);
        for (int node = 0; node < evenNumaNodes; node++) {
            Map<PageSize, Long> pages = new EnumMap<>(PageSize.class);
            hugepagesMib.forEach((size, mib) -> pages.put(size, mib / evenNumaNodes));
            nodes.add(new NumaNode(cpus / evenNumaNodes, memoryMib / evenNumaNodes, pages));
        }
        return nodes;
    }

    public HostTraits traits() {
        return new HostTraits(labels, ready, cordoned, draining, taints, kvmVerified, pagingMode, cpuModels, drivers);
    }

    public HostView view() {
        List<NumaNode> usedNodes = new ArrayList<>();
        for (int node = 0; node < nodes().size(); node++) {
            usedNodes.add(usedNumaNodes.getOrDefault(node, new NumaNode(0, 0)));
        }
        return view(new HostSize(usedVcpus, usedMemoryMib, usedHugepagesMib, usedPoolMib, usedDevices, usedNodes));
    }

    /** As it is if just this is held. */
    public HostView view(HostSize held) {
        return new HostView(id, name, traits(), size(), held, startsInFlight, images);
    }
}
