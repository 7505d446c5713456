package io.kelpie.controller.replay.baseline;

import io.kelpie.controller.replay.Placement;
import io.kelpie.controller.replay.Placements;
import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayRules;
import io.kelpie.controller.replay.ReplayRules.Overhead;
import io.kelpie.controller.replay.ReplayVm;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Looks at every host for every VM: first-fit, best-fit and spread with the same rules as the engine. Looks neither ahead
 * nor at the shape of what it leaves.
 */
public final class ScanPlacements implements Placements {
    /** Which of the hosts that pass is taken; of equals, the first. */
    public enum Choice {
        FIRST_FIT,
        /**
         * The fewest free vCPUs, then the least free memory, on the NUMA nodes that would carry the VM, or on the host if
         * the VM has no wish. Weighing both together places fewer VMs of the traces at hand.
         */
        BEST_FIT,
        /** The most of them. */
        SPREAD
    }

    private enum Rule {
        VCPU("vcpu"),
        MEMORY("memory"),
        NUMA("numa"),
        AFFINITY("affinity"),
        ANTI_AFFINITY("anti-affinity"),
        FAULT_DOMAIN("fault_domain");

        private final String word;

        Rule(String word) {
            this.word = word;
        }
    }

    private final ReplayPool pool;
    private final Overhead overhead;
    private final Choice choice;
    private final long[][] freeVcpus;
    private final long[][] freeMemoryMib;
    private final long[] hostFreeVcpus;
    private final long[] hostFreeMemoryMib;
    private final Map<Integer, Seat> seats = new HashMap<>();
    private final Map<Integer, List<ReplayVm>> members = new HashMap<>();

    private record Seat(int host, int numaNodes) {}

    private ScanPlacements(ReplayPool pool, Overhead overhead, Choice choice) {
        this.pool = pool;
        this.overhead = overhead;
        this.choice = choice;
        int hosts = pool.hosts().size();
        freeVcpus = new long[hosts][];
        freeMemoryMib = new long[hosts][];
        hostFreeVcpus = new long[hosts];
        hostFreeMemoryMib = new long[hosts];
        for (int host = 0; host < hosts; host++) {
            ReplayHost free = pool.hosts().get(host);
            freeVcpus[host] = free.numaNodes().stream()
                    .mapToLong(ReplayHost.NumaNode::vcpus)
                    .toArray();
            freeMemoryMib[host] = free.numaNodes().stream()
                    .mapToLong(ReplayHost.NumaNode::memoryMib)
                    .toArray();
            hostFreeVcpus[host] = free.vcpus();
            hostFreeMemoryMib[host] = free.memoryMib();
        }
    }

    /** Engines of one kind; the policy and the seed of the rules mean nothing to them. */
    public static Placements.Factory factory(Choice choice) {
        return (pool, rules) -> open(pool, rules, choice);
    }

    public static ScanPlacements open(ReplayPool pool, ReplayRules rules, Choice choice) {
        return new ScanPlacements(pool, rules.overhead(), choice);
    }

    @Override
    public Placement place(ReplayVm vm) {
        int best = -1;
        for (int host = 0; host < hostFreeVcpus.length; host++) {
            if (broken(vm, host) == null && (best < 0 || isBetterHost(vm, host, best))) {
                best = host;
                if (choice == Choice.FIRST_FIT) {
                    break;
                }
            }
        }
        if (best < 0) {
            return new Placement.Rejected(mostBroken(vm).word);
        }
        Placement.Placed place = new Placement.Placed(best, numaNodes(vm, best));
        adopt(vm, place);
        return place;
    }

    /** Books a place that another engine chose. */
    public void adopt(ReplayVm vm, Placement.Placed place) {
        Seat seat = new Seat(place.host(), place.numaNodes());
        seats.put(vm.index(), seat);
        book(vm, seat, -1);
        if (vm.group() != ReplayVm.NO_GROUP) {
            members.computeIfAbsent(vm.group(), unused -> new ArrayList<>()).add(vm);
        }
    }

    /** Whether any host would pass all rules. */
    public boolean anyHostPasses(ReplayVm vm) {
        return IntStream.range(0, hostFreeVcpus.length).anyMatch(host -> broken(vm, host) == null);
    }

    @Override
    public void remove(ReplayVm vm) {
        Seat seat = seats.remove(vm.index());
        if (seat == null) {
            throw new IllegalArgumentException(vm.name() + " is not placed");
        }
        book(vm, seat, 1);
        if (vm.group() != ReplayVm.NO_GROUP) {
            members.getOrDefault(vm.group(), Collections.emptyList()).remove(vm);
        }
    }

    private @Nullable Rule broken(ReplayVm vm, int host) {
        if (hostFreeVcpus[host] < vm.vcpus()) {
            return Rule.VCPU;
        }
        if (hostFreeMemoryMib[host] < overhead.footprintMib(vm)) {
            return Rule.MEMORY;
        }
        if (Integer.bitCount(numaNodes(vm, host)) < vm.numaNodes()) {
            return Rule.NUMA;
        }
        for (ReplayVm member : members.getOrDefault(vm.group(), Collections.emptyList())) {
            int memberHost = hostOf(member);
            switch (vm.strategy()) {
                case NONE -> {}
                case AFFINITY -> {
                    if (memberHost != host) {
                        return Rule.AFFINITY;
                    }
                }
                case ANTI_AFFINITY -> {
                    if (memberHost == host) {
                        return Rule.ANTI_AFFINITY;
                    }
                }
                case FAULT_DOMAIN -> {
                    if (member.domain() != vm.domain()
                            && pool.hosts().get(memberHost).rack()
                                    == pool.hosts().get(host).rack()) {
                        return Rule.FAULT_DOMAIN;
                    }
                }
            }
        }
        return null;
    }

    private int hostOf(ReplayVm member) {
        Seat seat = seats.get(member.index());
        if (seat == null) {
            throw new IllegalStateException(member.name() + " is a member and has no place");
        }
        return seat.host();
    }

    /** The NUMA nodes to use, as bits: those with room, the choice's favourite ones first; fewer than wanted if too few. */
    private int numaNodes(ReplayVm vm, int host) {
        int bits = 0;
        for (int n = 0; n < vm.numaNodes(); n++) {
            int best = -1;
            for (int node = 0; node < freeVcpus[host].length; node++) {
                boolean taken = (bits >>> node & 1) == 1;
                boolean room = freeVcpus[host][node] >= share(vm.vcpus(), vm.numaNodes())
                        && freeMemoryMib[host][node] >= share(overhead.footprintMib(vm), vm.numaNodes());
                if (!taken && room && (best < 0 || isBetter(host, node, best))) {
                    best = node;
                }
            }
            if (best >= 0) {
                bits |= 1 << best;
            }
        }
        return bits;
    }

    private boolean isBetter(int host, int node, int other) {
        return isBetter(
                freeVcpus[host][node], freeMemoryMib[host][node], freeVcpus[host][other], freeMemoryMib[host][other]);
    }

    private boolean isBetterHost(ReplayVm vm, int host, int other) {
        if (choice == Choice.FIRST_FIT) {
            return false;
        }
        return isBetter(
                carrying(vm, host, freeVcpus[host], hostFreeVcpus[host]),
                carrying(vm, host, freeMemoryMib[host], hostFreeMemoryMib[host]),
                carrying(vm, other, freeVcpus[other], hostFreeVcpus[other]),
                carrying(vm, other, freeMemoryMib[other], hostFreeMemoryMib[other]));
    }

    private boolean isBetter(long vcpus, long memoryMib, long otherVcpus, long otherMemoryMib) {
        int order = vcpus == otherVcpus ? Long.compare(memoryMib, otherMemoryMib) : Long.compare(vcpus, otherVcpus);
        return switch (choice) {
            case FIRST_FIT -> false;
            case BEST_FIT -> order < 0;
            case SPREAD -> order > 0;
        };
    }

    /** What is free where the VM would be. */
    private long carrying(ReplayVm vm, int host, long[] free, long hostFree) {
        if (vm.numaNodes() == 0) {
            return hostFree;
        }
        int bits = numaNodes(vm, host);
        long sum = 0;
        for (int node = 0; node < free.length; node++) {
            sum += (bits >>> node & 1) == 1 ? free[node] : 0;
        }
        return sum;
    }

    private void book(ReplayVm vm, Seat seat, int sign) {
        long memoryMib = overhead.footprintMib(vm);
        hostFreeVcpus[seat.host()] += (long) sign * vm.vcpus();
        hostFreeMemoryMib[seat.host()] += sign * memoryMib;
        for (int node = 0; node < freeVcpus[seat.host()].length; node++) {
            if ((seat.numaNodes() >>> node & 1) == 1) {
                freeVcpus[seat.host()][node] += sign * share(vm.vcpus(), vm.numaNodes());
                freeMemoryMib[seat.host()][node] += sign * share(memoryMib, vm.numaNodes());
            }
        }
    }

    private static long share(long amount, int numaNodes) {
        return (amount + numaNodes - 1) / numaNodes;
    }

    /** The rule that removes most hosts; of equals, the first in the order of evaluation. */
    private Rule mostBroken(ReplayVm vm) {
        Map<Rule, Integer> removed = new EnumMap<>(Rule.class);
        for (int host = 0; host < hostFreeVcpus.length; host++) {
            Rule broken = broken(vm, host);
            if (broken != null) {
                removed.merge(broken, 1, Integer::sum);
            }
        }
        Rule most = Rule.VCPU;
        for (Map.Entry<Rule, Integer> rule : removed.entrySet()) {
            if (rule.getValue() > removed.getOrDefault(most, 0)) {
                most = rule.getKey();
            }
        }
        return most;
    }
}
