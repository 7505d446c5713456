package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.Taint;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Where VMs are and what hosts hold, with every rule written out once more: it shares no code with the engine or the
 * planners, and is plain rather than fast.
 */
final class Books {
    private final int overcommitPercent;
    private final Map<String, HostView> hosts = new TreeMap<>();
    private final Map<UUID, InstanceView> vms = new LinkedHashMap<>();
    private final Map<UUID, String> seats = new HashMap<>();
    /** Hosts that a VM still holds though it is counted elsewhere. */
    private final Map<UUID, String> stillHeld = new HashMap<>();

    Books(ClusterSnapshot snapshot, int overcommitPercent) {
        this.overcommitPercent = overcommitPercent;
        snapshot.hosts().forEach(host -> hosts.put(host.id(), host));
        for (InstanceView vm : snapshot.instances()) {
            vms.put(vm.vmId(), vm);
            seats.put(vm.vmId(), vm.hostId());
        }
    }

    Books(Books other) {
        overcommitPercent = other.overcommitPercent;
        hosts.putAll(other.hosts);
        vms.putAll(other.vms);
        seats.putAll(other.seats);
        stillHeld.putAll(other.stillHeld);
    }

    String seat(UUID vm) {
        return Objects.requireNonNull(seats.get(vm));
    }

    /** Ids of the VMs on a host. */
    Set<UUID> on(String host) {
        Set<UUID> there = new TreeSet<>();
        seats.forEach((vm, seat) -> {
            if (seat.equals(host)) {
                there.add(vm);
            }
        });
        return there;
    }

    InstanceView vm(UUID id) {
        return Objects.requireNonNull(vms.get(id));
    }

    /** The VM has ended, as far as rules about VMs look; what it held is still held. */
    void lift(UUID vm) {
        stillHeld.put(vm, Objects.requireNonNull(seats.remove(vm)));
    }

    /** The VM that was lifted is on a host; what it held is still held too. */
    void setDown(UUID vm, String host) {
        seats.put(vm, host);
    }

    /** What VMs held before they moved is free. */
    void settle() {
        stillHeld.clear();
    }

    // ---- what a VM may do

    /** Rules that keep a VM, that is lifted, from a host; the names are the engine's. */
    Set<String> against(UUID id, String hostId) {
        Set<String> against = againstButSpread(id, hostId);
        for (SpreadRule rule : vm(id).rules().spread()) {
            if (spreadForbids(id, hostId, rule)) {
                against.add("spread");
            }
        }
        return against;
    }

    Set<String> againstButSpread(UUID id, String hostId) {
        InstanceView vm = vm(id);
        HostView host = Objects.requireNonNull(hosts.get(hostId));
        Set<String> against = new TreeSet<>();
        add(against, "host-ready", !host.traits().ready());
        add(against, "cordon", host.traits().cordoned());
        add(against, "drain", host.traits().draining());
        for (Taint taint : host.traits().taints()) {
            add(
                    against,
                    "taint",
                    vm.rules().tolerations().stream()
                            .noneMatch(toleration -> toleration.key().equals(taint.key())));
        }
        for (LabelRequirement wanted : vm.rules().require()) {
            String value = host.traits().labels().get(wanted.label());
            add(against, "labels", value == null || !wanted.in().contains(value));
        }
        add(against, "room", !roomWith(hostId, Optional.of(id)).isEmpty());
        for (AffinityRule rule : vm.rules().affinity()) {
            add(against, "affinity", rule.required() && !isNear(id, hostId, rule));
        }
        for (AffinityRule rule : vm.rules().antiAffinity()) {
            add(against, "anti-affinity", rule.required() && isAnyOf(rule.job(), id, hostId, rule.by()));
        }
        for (InstanceView other : vms.values()) {
            for (AffinityRule rule : other.rules().antiAffinity()) {
                boolean aimed = rule.required() && rule.job().equals(vm.job());
                add(against, "anti-affinity", aimed && isSeatedIn(other.vmId(), id, hostId, rule.by()));
            }
            if (vm.rules().partitions().isPresent() && other.job().equals(vm.job())) {
                PartitionRule rule = vm.rules().partitions().get();
                boolean differs = other.ordinal() % rule.count() != vm.ordinal() % rule.count();
                add(against, "partitions", differs && isSeatedIn(other.vmId(), id, hostId, rule.by()));
                add(against, "partitions", domain(hostId, rule.by()).isEmpty());
            }
        }
        return against;
    }

    private static void add(Set<String> against, String rule, boolean broken) {
        if (broken) {
            against.add(rule);
        }
    }

    private boolean isNear(UUID id, String hostId, AffinityRule rule) {
        if (domain(hostId, rule.by()).isEmpty()) {
            return false;
        }
        boolean first = rule.job().equals(vm(id).job())
                && vms.values().stream()
                        .noneMatch(other -> other.job().equals(rule.job())
                                && !other.vmId().equals(id)
                                && seats.containsKey(other.vmId()));
        return first || isAnyOf(rule.job(), id, hostId, rule.by());
    }

    private boolean isAnyOf(JobKey job, UUID butFor, String hostId, String by) {
        return vms.values().stream()
                .anyMatch(other -> other.job().equals(job) && isSeatedIn(other.vmId(), butFor, hostId, by));
    }

    private boolean isSeatedIn(UUID other, UUID butFor, String hostId, String by) {
        String seat = seats.get(other);
        return seat != null
                && !other.equals(butFor)
                && domain(seat, by).isPresent()
                && domain(seat, by).equals(domain(hostId, by));
    }

    private boolean spreadForbids(UUID id, String hostId, SpreadRule rule) {
        Optional<String> domain = domain(hostId, rule.by());
        if (domain.isEmpty()) {
            return true;
        }
        int fewest = Integer.MAX_VALUE;
        for (String other : hosts.keySet()) {
            if (domain(other, rule.by()).isPresent()
                    && againstButSpread(id, other).isEmpty()) {
                fewest = Math.min(
                        fewest, count(vm(id).job(), domain(other, rule.by()).get(), rule.by()));
            }
        }
        return fewest == Integer.MAX_VALUE || count(vm(id).job(), domain.get(), rule.by()) - fewest >= rule.maxSkew();
    }

    private int count(JobKey job, String domain, String by) {
        return (int) vms.values().stream()
                .filter(vm -> vm.job().equals(job)
                        && seats.containsKey(vm.vmId())
                        && domain(seat(vm.vmId()), by).equals(Optional.of(domain)))
                .count();
    }

    private Optional<String> domain(String hostId, String by) {
        return by.equals(SpreadRule.HOST)
                ? Optional.of(hostId)
                : Optional.ofNullable(Objects.requireNonNull(hosts.get(hostId))
                        .traits()
                        .labels()
                        .get(by));
    }

    // ---- what everybody together does

    /** How much more members of the job are where there are most than where there are fewest. */
    int skew(JobKey job, String by) {
        Map<String, Integer> counts = new HashMap<>();
        for (String host : hosts.keySet()) {
            domain(host, by).ifPresent(domain -> counts.put(domain, count(job, domain, by)));
        }
        return counts.isEmpty() ? 0 : Collections.max(counts.values()) - Collections.min(counts.values());
    }

    /** VMs that miss another one that they have to be near to, or are where they must not be together. */
    Set<UUID> unhappy() {
        Set<UUID> unhappy = new HashSet<>();
        for (InstanceView vm : vms.values()) {
            if (!seats.containsKey(vm.vmId())) {
                continue;
            }
            Set<String> against = againstButSpread(vm.vmId(), seat(vm.vmId()));
            against.retainAll(Set.of("affinity", "anti-affinity", "partitions"));
            if (!against.isEmpty()) {
                unhappy.add(vm.vmId());
            }
        }
        return unhappy;
    }

    /** Hosts that are asked for more than they have, a sentence each. */
    List<String> overfull() {
        List<String> overfull = new ArrayList<>();
        hosts.keySet().forEach(host -> overfull.addAll(roomWith(host, Optional.empty())));
        return overfull;
    }

    /** What is too much on a host, with one VM more. */
    private List<String> roomWith(String hostId, Optional<UUID> more) {
        HostView host = Objects.requireNonNull(hosts.get(hostId));
        List<Reservation> holding = new ArrayList<>();
        List<Reservation> coming = new ArrayList<>();
        for (InstanceView vm : vms.values()) {
            boolean seated = hostId.equals(seats.get(vm.vmId()));
            boolean holds = hostId.equals(stillHeld.get(vm.vmId()));
            if (holds || (seated && vm.hostId().equals(hostId))) {
                holding.add(vm.held());
            } else if (seated || more.equals(Optional.of(vm.vmId()))) {
                coming.add(vm.held());
            }
        }
        List<Reservation> all = new ArrayList<>(holding);
        all.addAll(coming);
        List<String> tooMuch = new ArrayList<>();
        long vcpus = all.stream().mapToLong(Reservation::vcpus).sum();
        long memory = all.stream().mapToLong(Reservation::memoryMib).sum();
        long huge = all.stream().mapToLong(Reservation::hugepagesMib).sum();
        addIf(tooMuch, vcpus > (long) host.size().cpus() * overcommitPercent / 100, hostId + " vcpus " + vcpus);
        addIf(tooMuch, memory > host.size().memoryMib(), hostId + " memory " + memory);
        addIf(
                tooMuch,
                huge > host.size().hugepagesMib().getOrDefault(PageSize.MIB_2, 0L),
                hostId + " hugepages " + huge);
        Map<String, Long> pools = new TreeMap<>();
        Map<String, Integer> devices = new TreeMap<>();
        for (Reservation held : all) {
            held.poolMib().forEach((pool, mib) -> pools.merge(pool, mib, Long::sum));
            held.devices().forEach((kind, count) -> devices.merge(kind, count, Integer::sum));
        }
        pools.forEach((pool, mib) ->
                addIf(tooMuch, mib > host.size().poolMib().getOrDefault(pool, 0L), hostId + " pool " + pool + mib));
        devices.forEach((kind, count) ->
                addIf(tooMuch, count > host.size().devices().getOrDefault(kind, 0), hostId + " " + count + " " + kind));
        addIf(tooMuch, !numaFits(host, holding, coming, more), hostId + " NUMA nodes");
        return tooMuch;
    }

    /** Whether those that come find a NUMA node each, in some way; the tests' VMs are bound to one at most. */
    private boolean numaFits(HostView host, List<Reservation> holding, List<Reservation> coming, Optional<UUID> more) {
        List<NumaNode> nodes = host.size().numaNodes();
        long[] vcpus = new long[nodes.size()];
        long[] memory = new long[nodes.size()];
        for (int node = 0; node < nodes.size(); node++) {
            vcpus[node] = (long) nodes.get(node).cpus() * overcommitPercent / 100;
            memory[node] = nodes.get(node).memoryMib();
        }
        for (Reservation held : holding) {
            for (int node : held.numaNodes()) {
                vcpus[node] -= held.vcpus();
                memory[node] -= held.memoryMib();
            }
        }
        List<Reservation> bound = new ArrayList<>();
        coming.stream().filter(held -> !held.numaNodes().isEmpty()).forEach(bound::add);
        boolean unknown = more.isPresent()
                && vm(more.get()).shape().numaNodes() > 0
                && vm(more.get()).held().numaNodes().isEmpty();
        return !unknown && assign(bound, 0, vcpus, memory);
    }

    private static boolean assign(List<Reservation> bound, int next, long[] vcpus, long[] memory) {
        if (next == bound.size()) {
            return true;
        }
        for (int node = 0; node < vcpus.length; node++) {
            if (vcpus[node] >= bound.get(next).vcpus()
                    && memory[node] >= bound.get(next).memoryMib()) {
                vcpus[node] -= bound.get(next).vcpus();
                memory[node] -= bound.get(next).memoryMib();
                boolean fits = assign(bound, next + 1, vcpus, memory);
                vcpus[node] += bound.get(next).vcpus();
                memory[node] += bound.get(next).memoryMib();
                if (fits) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void addIf(List<String> list, boolean condition, String text) {
        if (condition) {
            list.add(text);
        }
    }

    // ---- loads

    /** Hosts whose load counts. */
    List<String> takingPart() {
        return hosts.values().stream()
                .filter(host -> host.traits().ready()
                        && !host.traits().cordoned()
                        && !host.traits().draining())
                .map(HostView::id)
                .toList();
    }

    /** The larger share of vCPUs and memory, hugepages included, in hundredths of a percent. */
    long load(String hostId) {
        HostView host = Objects.requireNonNull(hosts.get(hostId));
        long vcpus = 0;
        long mib = 0;
        for (UUID vm : on(hostId)) {
            vcpus += vm(vm).held().vcpus();
            mib += vm(vm).held().memoryMib() + vm(vm).held().hugepagesMib();
        }
        long totalMib = host.size().memoryMib()
                + host.size().hugepagesMib().values().stream()
                        .mapToLong(Long::longValue)
                        .sum();
        long totalVcpus = (long) host.size().cpus() * overcommitPercent / 100;
        return Math.max(vcpus * 10_000 / totalVcpus, mib * 10_000 / totalMib);
    }

    /** Variance of the loads. */
    double variance() {
        double mean = takingPart().stream().mapToLong(this::load).average().orElse(0);
        return takingPart().stream()
                .mapToDouble(host -> (load(host) - mean) * (load(host) - mean))
                .average()
                .orElse(0);
    }
}
