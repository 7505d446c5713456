package io.kelpie.controller.replay;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Replays what an engine did on books of its own and counts what breaks a rule. It shares no code with any engine: it
 * knows pool, trace and log alone, and is written to be plain rather than fast. Used by one thread, once.
 */
public final class ReplayChecker {
    private static final int MAX_TOLD = 5;

    private final ReplayPool pool;
    private final Trace trace;
    private final ReplayRules.Overhead overhead;
    private final long[][] vcpusTaken;
    private final long[][] memoryTaken;
    private final long[] hostVcpusTaken;
    private final long[] hostMemoryTaken;
    /** Where each VM is now. */
    private final Map<Integer, Seat> seats = new HashMap<>();
    /** The VMs of each group that are placed now. */
    private final Map<Integer, Set<Integer>> members = new HashMap<>();

    private long violations;
    private final List<String> told = new ArrayList<>();

    private record Seat(int host, int numaNodes) {}

    /**
     * @param violations how often a placement or removal broke a rule; one that breaks two counts twice
     * @param told the first few in words
     */
    public record Verdict(long violations, List<String> told) {
        public Verdict {
            told = List.copyOf(told);
        }
    }

    private ReplayChecker(ReplayPool pool, Trace trace, ReplayRules.Overhead overhead) {
        this.pool = pool;
        this.trace = trace;
        this.overhead = overhead;
        int hosts = pool.hosts().size();
        vcpusTaken = new long[hosts][];
        memoryTaken = new long[hosts][];
        for (int host = 0; host < hosts; host++) {
            int numaNodes = pool.hosts().get(host).numaNodes().size();
            vcpusTaken[host] = new long[numaNodes];
            memoryTaken[host] = new long[numaNodes];
        }
        hostVcpusTaken = new long[hosts];
        hostMemoryTaken = new long[hosts];
    }

    /** Checks every step of a log. A placement that breaks a rule is counted and stands, so that later ones are judged. */
    public static Verdict check(ReplayPool pool, Trace trace, ReplayRules.Overhead overhead, ReplayLog log) {
        ReplayChecker checker = new ReplayChecker(pool, trace, overhead);
        for (int entry = 0; entry < log.size(); entry++) {
            int index = log.vm(entry);
            if (index < 0 || index >= trace.vms().size()) {
                checker.tell("step " + entry + ": there is no VM " + index);
            } else if (log.isRemoval(entry)) {
                checker.remove(trace.vms().get(index).vm());
            } else {
                checker.place(trace.vms().get(index), new Seat(log.host(entry), log.numaNodes(entry)));
            }
        }
        return new Verdict(checker.violations, checker.told);
    }

    private void place(TraceVm arrival, Seat seat) {
        ReplayVm vm = arrival.vm();
        if (seats.containsKey(vm.index())) {
            tell(vm.name() + " is placed a second time");
            return;
        }
        if (seat.host() < 0 || seat.host() >= pool.hosts().size()) {
            tell(vm.name() + " is placed on host " + seat.host() + ", which does not exist");
            return;
        }
        checkGroup(vm, seat);
        seats.put(vm.index(), seat);
        if (vm.group() != ReplayVm.NO_GROUP) {
            members.computeIfAbsent(vm.group(), unused -> new HashSet<>()).add(vm.index());
        }
        checkNumaNodes(vm, seat);
        book(vm, seat, 1);
        checkRoom(vm, seat);
    }

    private void remove(ReplayVm vm) {
        Seat seat = seats.remove(vm.index());
        if (seat == null) {
            tell(vm.name() + " leaves without having a place");
            return;
        }
        if (vm.group() != ReplayVm.NO_GROUP) {
            members.getOrDefault(vm.group(), Set.of()).remove(vm.index());
        }
        book(vm, seat, -1);
    }

    private void checkGroup(ReplayVm vm, Seat seat) {
        for (int member : members.getOrDefault(vm.group(), Set.of())) {
            ReplayVm other = trace.vms().get(member).vm();
            Seat otherSeat = seats.getOrDefault(member, seat);
            boolean sameHost = otherSeat.host() == seat.host();
            boolean sameRack = rack(otherSeat) == rack(seat);
            boolean broken = switch (vm.strategy()) {
                case NONE -> false;
                case AFFINITY -> !sameHost;
                case ANTI_AFFINITY -> sameHost;
                case FAULT_DOMAIN -> sameRack && other.domain() != vm.domain();
            };
            if (broken) {
                tell(vm.name() + " on " + hostName(seat) + " breaks "
                        + vm.strategy().word() + " with " + other.name() + " on " + hostName(otherSeat));
                return; // once a placement, however large the group
            }
        }
    }

    private void checkNumaNodes(ReplayVm vm, Seat seat) {
        int existing = pool.hosts().get(seat.host()).numaNodes().size();
        if (seat.numaNodes() >>> existing != 0) {
            tell(vm.name() + " is on a NUMA node that " + hostName(seat) + " does not have");
        }
        int used = Integer.bitCount(seat.numaNodes());
        if (used != vm.numaNodes()) {
            tell(vm.name() + " is on " + used + " NUMA nodes of " + hostName(seat) + " and wants " + vm.numaNodes());
        }
    }

    private void book(ReplayVm vm, Seat seat, int sign) {
        long memory = footprintMib(vm);
        hostVcpusTaken[seat.host()] += (long) sign * vm.vcpus();
        hostMemoryTaken[seat.host()] += sign * memory;
        int used = Math.max(1, Integer.bitCount(seat.numaNodes()));
        for (int node = 0; node < vcpusTaken[seat.host()].length; node++) {
            if ((seat.numaNodes() >>> node & 1) == 1) {
                vcpusTaken[seat.host()][node] += (long) sign * ceilingOf(vm.vcpus(), used);
                memoryTaken[seat.host()][node] += sign * ceilingOf(memory, used);
            }
        }
    }

    private void checkRoom(ReplayVm vm, Seat seat) {
        ReplayHost host = pool.hosts().get(seat.host());
        if (hostVcpusTaken[seat.host()] > host.vcpus()) {
            tell(vm.name() + " takes " + host.name() + " to " + hostVcpusTaken[seat.host()] + " of " + host.vcpus()
                    + " vCPUs");
        }
        if (hostMemoryTaken[seat.host()] > host.memoryMib()) {
            tell(vm.name() + " takes " + host.name() + " to " + hostMemoryTaken[seat.host()] + " of " + host.memoryMib()
                    + " MiB");
        }
        for (int node = 0; node < host.numaNodes().size(); node++) {
            ReplayHost.NumaNode room = host.numaNodes().get(node);
            boolean carries = (seat.numaNodes() >>> node & 1) == 1;
            if (carries && vcpusTaken[seat.host()][node] > room.vcpus()) {
                tell(vm.name() + " takes NUMA node " + node + " of " + host.name() + " to "
                        + vcpusTaken[seat.host()][node] + " of " + room.vcpus() + " vCPUs");
            }
            if (carries && memoryTaken[seat.host()][node] > room.memoryMib()) {
                tell(vm.name() + " takes NUMA node " + node + " of " + host.name() + " to "
                        + memoryTaken[seat.host()][node] + " of " + room.memoryMib() + " MiB");
            }
        }
    }

    /** What the VM takes of its host: written out here, so that a fault of the engine's own sum is found. */
    private long footprintMib(ReplayVm vm) {
        return switch (overhead) {
            case NONE -> vm.memoryMib();
            case QEMU -> vm.memoryMib() + 64 + ceilingOf(vm.memoryMib(), 50) + 8L * vm.vcpus();
        };
    }

    private static long ceilingOf(long amount, int parts) {
        return (amount + parts - 1) / parts;
    }

    private int rack(Seat seat) {
        return pool.hosts().get(seat.host()).rack();
    }

    private String hostName(Seat seat) {
        return pool.hosts().get(seat.host()).name();
    }

    private void tell(String violation) {
        violations++;
        if (told.size() < MAX_TOLD) {
            told.add(violation);
        }
    }
}
