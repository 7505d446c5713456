package io.kelpie.controller.control;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Timer;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.queue.QueueCounts;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.Reservation;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** What the control thread measures. The control thread writes; scrapes read. */
public final class ControlMetrics {
    private static final String COMMITS = "kelpie_commits_total";
    private static final String PLACEMENTS = "kelpie_placements_total";
    private static final String QUEUE = "kelpie_placement_queue_vms";
    private static final String QUEUE_HELP =
            "VMs without a place: ready for a decision, blocked until something changes that"
                    + " could help them, or waiting for a time.";
    private static final String HOST_MEMORY = "kelpie_host_memory_mib";
    private static final String HOST_MEMORY_RESERVED = "kelpie_host_memory_reserved_mib";
    private static final String HOST_CPUS = "kelpie_host_cpus";
    private static final String HOST_VCPUS_RESERVED = "kelpie_host_vcpus_reserved";
    private static final List<String> HOST_FAMILIES =
            List.of(HOST_MEMORY, HOST_MEMORY_RESERVED, HOST_CPUS, HOST_VCPUS_RESERVED);

    /** What the series of a host show. */
    private static final class HostLoad {
        volatile HostCapacity capacity = HostCapacity.getDefaultInstance();
        volatile Reservation reserved = Reservation.getDefaultInstance();
    }

    private final Metrics metrics;
    private final AtomicInteger leading = new AtomicInteger();
    private final AtomicLong epoch = new AtomicLong();
    private final Map<VmState, AtomicInteger> vms = new EnumMap<>(VmState.class);
    private final AtomicInteger hostsReady = new AtomicInteger();
    private final AtomicInteger hostsSuspect = new AtomicInteger();
    private final AtomicInteger hostsFenced = new AtomicInteger();
    private final AtomicInteger queueReady = new AtomicInteger();
    private final AtomicInteger queueBlocked = new AtomicInteger();
    private final AtomicInteger queueWaiting = new AtomicInteger();
    private final AtomicInteger jobs = new AtomicInteger();
    private final AtomicInteger unprotected = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();
    private final Map<String, HostLoad> hostLoads = new HashMap<>();
    private final Counter preemptions; // there before the first one, which would be no growth of its series otherwise
    private final Timer tick;
    private final Timer plan;
    private final Timer commit;
    private final Timer start;

    public ControlMetrics(Metrics metrics, ControlQueue queue) {
        this.metrics = metrics;
        this.tick = metrics.timer("kelpie_control_tick_seconds", "Time that one tick of the control thread took.");
        this.plan = metrics.timer("kelpie_plan_seconds", "Time that one placement plan took.");
        this.commit = metrics.timer("kelpie_commit_seconds", "Time from sending a batch to the store's answer.");
        this.start = metrics.timer("kelpie_vm_start_seconds", "Time from wanting an instance to its guest running.");
        this.preemptions = metrics.counter(
                "kelpie_preemptions_total", "VMs that were stopped so that one of higher priority finds a place.");
        metrics.gauge("kelpie_controller_leading", "1 if this controller leads.", leading::get);
        metrics.gauge(
                "kelpie_controller_epoch", "Epoch of the term that this controller leads, or led last.", epoch::get);
        metrics.gauge("kelpie_control_queue_events", "Events that wait for the control thread.", queue::size);
        metrics.gauge("kelpie_jobs", "Jobs.", jobs::get);
        metrics.gauge(
                "kelpie_vms_unprotected",
                "VMs that could not be started elsewhere if their host were lost; 0 with N+1 off.",
                unprotected::get);
        metrics.gauge("kelpie_agent_streams", "Agents that are connected to this controller.", streams::get);
        metrics.gauge("kelpie_hosts", "Hosts by health.", hostsReady::get, "health", "ready");
        metrics.gauge("kelpie_hosts", "Hosts by health.", hostsSuspect::get, "health", "suspect");
        metrics.gauge("kelpie_hosts", "Hosts by health.", hostsFenced::get, "health", "fenced");
        metrics.gauge(QUEUE, QUEUE_HELP, queueReady::get, "state", "ready");
        metrics.gauge(QUEUE, QUEUE_HELP, queueBlocked::get, "state", "blocked");
        metrics.gauge(QUEUE, QUEUE_HELP, queueWaiting::get, "state", "waiting");
        for (VmState state : VmState.values()) {
            AtomicInteger count = new AtomicInteger();
            vms.put(state, count);
            metrics.gauge("kelpie_vms", "VMs by state.", count::get, "state", lower(state));
        }
    }

    void leads(long newEpoch) {
        leading.set(1);
        epoch.set(newEpoch);
    }

    void leadsNoMore() {
        leading.set(0);
        vms.values().forEach(count -> count.set(0));
        hostsReady.set(0);
        hostsSuspect.set(0);
        hostsFenced.set(0);
        queueReady.set(0);
        queueBlocked.set(0);
        queueWaiting.set(0);
        jobs.set(0);
        unprotected.set(0);
        streams.set(0);
        forgetHostsExcept(Set.of());
    }

    /** A term's state was loaded. */
    void loaded(LoadTimes times) {
        loadPhase("hosts", times.hosts());
        loadPhase("read", times.read());
        loadPhase("parse", times.parse());
        loadPhase("build", times.build());
    }

    private void loadPhase(String phase, long nanos) {
        metrics.timer(
                        "kelpie_term_load_seconds",
                        "Time that a new term took to load, by phase: hosts, then the rest in read, parse and build.",
                        "phase",
                        phase)
                .update(nanos, TimeUnit.NANOSECONDS);
    }

    void ticked(long nanos) {
        tick.update(nanos, TimeUnit.NANOSECONDS);
    }

    <T> T plan(Supplier<T> planning) {
        return plan.timeSupplier(planning);
    }

    /** VMs were ended for one of higher priority. */
    void preempted(int victims) {
        preemptions.inc(victims);
    }

    /** The queue of VMs without a place, as it is now. */
    void queued(QueueCounts counts) {
        queueReady.set(counts.ready());
        queueBlocked.set(counts.blocked());
        queueWaiting.set(counts.waiting());
    }

    void placed() {
        metrics.counter(PLACEMENTS, "Placement decisions by outcome.", "outcome", "placed")
                .inc();
    }

    void rejected() {
        metrics.counter(PLACEMENTS, "Placement decisions by outcome.", "outcome", "rejected")
                .inc();
    }

    void committed(CommitOutcome outcome, long nanos) {
        metrics.counter(COMMITS, "Batches by the store's answer.", "outcome", lower(outcome))
                .inc();
        commit.update(nanos, TimeUnit.NANOSECONDS);
    }

    void fenced(Fencing.Cause cause) {
        metrics.counter(
                        "kelpie_hosts_fenced_total",
                        "Hosts declared fenced, by cause.",
                        "cause",
                        lower(cause).substring("cause_".length()))
                .inc();
    }

    void unprotected(int count) {
        unprotected.set(count);
    }

    void started(long nanos) {
        start.update(nanos, TimeUnit.NANOSECONDS);
    }

    /** Counts the cluster anew; to be called now and then. */
    void count(ClusterEditor cluster) {
        Map<VmState, Integer> counts = new EnumMap<>(VmState.class);
        cluster.vms().forEach(vm -> counts.merge(vm.state(), 1, Integer::sum));
        vms.forEach((state, count) -> count.set(counts.getOrDefault(state, 0)));
        int ready = 0;
        int fenced = 0;
        int connected = 0;
        Set<String> names = new HashSet<>();
        for (HostEntry host : cluster.hosts()) {
            ready += host.ready ? 1 : 0;
            fenced += host.record().hasFencing() ? 1 : 0;
            connected += host.session != null ? 1 : 0;
            String name = host.name();
            names.add(name);
            HostLoad load = hostLoads.computeIfAbsent(name, this::showHost);
            load.capacity = host.record().getCapacity();
            load.reserved = host.reserved();
        }
        hostsReady.set(ready);
        hostsFenced.set(fenced);
        hostsSuspect.set(cluster.hosts().size() - ready - fenced);
        jobs.set(cluster.jobs().size());
        streams.set(connected);
        forgetHostsExcept(names);
    }

    private HostLoad showHost(String name) {
        HostLoad load = new HostLoad();
        metrics.gauge(HOST_MEMORY, "Memory for VMs.", () -> load.capacity.getMemoryMib(), "host", name);
        metrics.gauge(
                HOST_MEMORY_RESERVED,
                "Memory that instances hold, QEMU's own included.",
                () -> load.reserved.getMemoryMib(),
                "host",
                name);
        metrics.gauge(HOST_CPUS, "Logical CPUs.", () -> load.capacity.getCpus(), "host", name);
        metrics.gauge(HOST_VCPUS_RESERVED, "vCPUs that instances hold.", () -> load.reserved.getVcpus(), "host", name);
        return load;
    }

    /** The series of a host end with the host, and with the term: another controller shows it then. */
    private void forgetHostsExcept(Set<String> names) {
        hostLoads.keySet().removeIf(name -> {
            if (names.contains(name)) {
                return false;
            }
            for (String family : HOST_FAMILIES) {
                metrics.remove(family, "host", name);
            }
            return true;
        });
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
