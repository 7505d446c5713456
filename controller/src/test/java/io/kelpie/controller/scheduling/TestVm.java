package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelPreference;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.queue.WaitingVm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * A VM for tests, that wants a place, waits for one or has one: 1 vCPU, 1024 MiB, no disk, KVM with hardware paging, any driver, of a
 * job of its own without rules, unless said.
 */
public final class TestVm {
    private final UUID vmId;
    private JobKey job;
    private int ordinal;
    private int jobSize;
    private int priority = 50;
    private int vcpus = 1;
    private long memoryMib = 1_024;
    private Optional<PageSize> hugepages = Optional.empty();
    private int numaNodes;
    private final SortedMap<String, Long> poolMib = new TreeMap<>();
    private final SortedMap<String, Integer> devices = new TreeMap<>();
    private AccelerationMode acceleration = AccelerationMode.KVM;
    private PagingRequirement paging = PagingRequirement.HARDWARE;
    private Optional<String> cpuModel = Optional.empty();
    private Optional<DriverKind> driver = Optional.empty();
    private final Set<String> images = new TreeSet<>();
    private final List<LabelRequirement> require = new ArrayList<>();
    private final List<LabelPreference> prefer = new ArrayList<>();
    private final List<SpreadRule> spread = new ArrayList<>();
    private final List<AffinityRule> affinity = new ArrayList<>();
    private final List<AffinityRule> antiAffinity = new ArrayList<>();
    private Optional<PartitionRule> partitions = Optional.empty();
    private final List<Toleration> tolerations = new ArrayList<>();
    private Optional<String> boundToHost = Optional.empty();
    private String boundDisk = "";
    private Optional<String> preferredHost = Optional.empty();
    private final Set<String> avoidedHosts = new TreeSet<>();
    private boolean keepsDisks;
    private boolean restartable = true;
    private boolean returning;
    private long sinceMillis;
    private long notBeforeMillis;
    private final SortedMap<String, Long> avoidedUntilMillis = new TreeMap<>();
    private Optional<String> hostId = Optional.empty();
    private List<Integer> numaNodesThere = List.of();

    private TestVm(UUID vmId, JobKey job, int ordinal) {
        this.vmId = vmId;
        this.job = job;
        this.ordinal = ordinal;
    }

    public static TestVm vm(int number) {
        return new TestVm(new UUID(0, number), job("job-" + number), number);
    }

    /** One of the VMs of a job. */
    public static TestVm vm(String jobName, int ordinal) {
        return new TestVm(id(jobName, ordinal), job(jobName), ordinal);
    }

    /** The id of {@link #vm(String, int)}. */
    public static UUID id(String jobName, int ordinal) {
        JobKey job = job(jobName);
        return new UUID((long) job.namespace().hashCode() << 32 | job.name().hashCode() & 0xffff_ffffL, ordinal);
    }

    /**
     * @param name in namespace shop, unless another one is said, as in {@code lab/web}
     */
    public static JobKey job(String name) {
        int slash = name.indexOf('/');
        return slash < 0 ? new JobKey("shop", name) : new JobKey(name.substring(0, slash), name.substring(slash + 1));
    }

    public TestVm of(String jobName) {
        job = job(jobName);
        return this;
    }

    public TestVm ordinal(int number) {
        ordinal = number;
        return this;
    }

    public TestVm jobSize(int size) {
        jobSize = size;
        return this;
    }

    public TestVm priority(int value) {
        priority = value;
        return this;
    }

    public TestVm vcpus(int count) {
        vcpus = count;
        return this;
    }

    public TestVm memoryMib(long mib) {
        memoryMib = mib;
        return this;
    }

    public TestVm size(int newVcpus, long newMemoryMib) {
        return vcpus(newVcpus).memoryMib(newMemoryMib);
    }

    public TestVm hugepages(PageSize size) {
        hugepages = Optional.of(size);
        return this;
    }

    public TestVm numaNodes(int count) {
        numaNodes = count;
        return this;
    }

    public TestVm disk(String pool, long mib) {
        poolMib.merge(pool, mib, Long::sum);
        return this;
    }

    public TestVm devices(String kind, int count) {
        devices.put(kind, count);
        return this;
    }

    public TestVm acceleration(AccelerationMode mode) {
        acceleration = mode;
        return this;
    }

    public TestVm paging(PagingRequirement requirement) {
        paging = requirement;
        return this;
    }

    public TestVm cpuModel(String model) {
        cpuModel = Optional.of(model);
        return this;
    }

    public TestVm driver(DriverKind kind) {
        driver = Optional.of(kind);
        return this;
    }

    public TestVm image(String digest) {
        images.add(digest);
        return this;
    }

    public TestVm require(String label, String... in) {
        require.add(new LabelRequirement(label, List.of(in)));
        return this;
    }

    public TestVm prefer(int weight, String label, String... in) {
        prefer.add(new LabelPreference(label, List.of(in), weight));
        return this;
    }

    public TestVm spread(String by, int maxSkew) {
        spread.add(new SpreadRule(by, maxSkew));
        return this;
    }

    public TestVm near(String jobName, String by) {
        affinity.add(new AffinityRule(job(jobName), by, true));
        return this;
    }

    public TestVm likesNear(String jobName, String by) {
        affinity.add(new AffinityRule(job(jobName), by, false));
        return this;
    }

    public TestVm awayFrom(String jobName, String by) {
        antiAffinity.add(new AffinityRule(job(jobName), by, true));
        return this;
    }

    public TestVm likesAwayFrom(String jobName, String by) {
        antiAffinity.add(new AffinityRule(job(jobName), by, false));
        return this;
    }

    public TestVm partitions(int count, String by) {
        partitions = Optional.of(new PartitionRule(count, by));
        return this;
    }

    public TestVm tolerates(String key) {
        tolerations.add(new Toleration(key, Optional.empty()));
        return this;
    }

    public TestVm tolerates(String key, String value) {
        tolerations.add(new Toleration(key, Optional.of(value)));
        return this;
    }

    public TestVm boundTo(String hostName, String disk) {
        return boundToHost(TestHost.id(hostName), disk);
    }

    public TestVm boundToHost(String id, String disk) {
        boundToHost = Optional.of(id);
        boundDisk = disk;
        return this;
    }

    public TestVm prefers(String hostName) {
        return prefersHost(TestHost.id(hostName));
    }

    public TestVm prefersHost(String id) {
        preferredHost = Optional.of(id);
        return this;
    }

    public TestVm avoids(String hostName) {
        avoidedHosts.add(TestHost.id(hostName));
        return this;
    }

    public TestVm keepingDisks() {
        keepsDisks = true;
        return this;
    }

    /** It is not started elsewhere if its host is lost. */
    public TestVm left() {
        restartable = false;
        return this;
    }

    public TestVm returning() {
        returning = true;
        return this;
    }

    public TestVm since(long millis) {
        sinceMillis = millis;
        return this;
    }

    /** While it waits, nothing is decided on it before. */
    public TestVm notBefore(long millis) {
        notBeforeMillis = millis;
        return this;
    }

    /** While it waits, it keeps away from a host for some time. */
    public TestVm avoidsHost(String id, long untilMillis) {
        avoidedUntilMillis.put(id, untilMillis);
        return this;
    }

    /** It is on a host by now. */
    public TestVm at(String id) {
        hostId = Optional.of(id);
        return this;
    }

    /** NUMA nodes of the host that it is on. */
    public TestVm onNumaNodes(List<Integer> nodes) {
        numaNodesThere = nodes;
        return this;
    }

    public UUID id() {
        return vmId;
    }

    public JobKey job() {
        return job;
    }

    public int priority() {
        return priority;
    }

    public long since() {
        return sinceMillis;
    }

    /** The host that it is on. */
    public Optional<String> hostId() {
        return hostId;
    }

    public VmShape shape() {
        return new VmShape(
                vcpus,
                memoryMib,
                hugepages,
                numaNodes,
                poolMib,
                devices,
                keepsDisks || boundToHost.isPresent(),
                acceleration,
                paging,
                cpuModel,
                driver,
                images);
    }

    public PlacementRules rules() {
        return new PlacementRules(require, prefer, spread, affinity, antiAffinity, partitions, tolerations);
    }

    public PlacementRequest request() {
        return new PlacementRequest(
                vmId,
                job,
                ordinal,
                jobSize,
                priority,
                shape(),
                rules(),
                boundToHost,
                boundDisk,
                preferredHost,
                avoidedHosts,
                restartable && boundToHost.isEmpty(),
                returning);
    }

    public WaitingVm waiting() {
        return new WaitingVm(request(), sinceMillis, notBeforeMillis, avoidedUntilMillis);
    }

    /** The VM where it is; the host's view has to say that it holds it. */
    public InstanceView on(String hostName, Integer... nodes) {
        return at(TestHost.id(hostName)).onNumaNodes(List.of(nodes)).instance();
    }

    /** The VM where it is. */
    public InstanceView instance() {
        return instance(Reservation.of(shape()).on(numaNodesThere));
    }

    /**
     * The VM where it is.
     *
     * @param held what it holds there
     */
    public InstanceView instance(Reservation held) {
        return new InstanceView(
                vmId,
                hostId.orElseThrow(),
                job,
                ordinal,
                jobSize,
                priority,
                shape(),
                rules(),
                held,
                sinceMillis,
                restartable,
                Optional.empty());
    }

    @Override
    public String toString() {
        return job.name() + "-" + ordinal;
    }
}
