package io.kelpie.it.benchmark.packing;

import com.google.ortools.linearsolver.MPConstraint;
import com.google.ortools.linearsolver.MPSolver;
import com.google.ortools.linearsolver.MPVariable;
import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How many VMs of a trace without departures any engine can place at most, even one that knows them all: a linear program
 * over sizes of VMs and kinds of hosts. Each NUMA node's vCPUs and memory are summed over the hosts of a kind, no host
 * takes more VMs of one size than it could take of them alone, and of a group with affinity no more are placed than one
 * empty host takes. Anti-affinity and fault domains are left out, and VMs may be split: a bound, not a plan.
 *
 * @param vms the most VMs
 * @param affinityVms the most VMs with affinity, if they alone were asked for
 */
public record PlacedBound(long vms, long affinityVms) {
    private static final double TOLERANCE = 1e-6;

    private record Size(int vcpus, long memoryMib, int numaNodes) {
        static Size of(ReplayVm vm) {
            return new Size(vm.vcpus(), vm.memoryMib(), vm.numaNodes());
        }
    }

    public static PlacedBound of(ReplayPool pool, Trace trace) {
        Map<List<ReplayHost.NumaNode>, Integer> kinds = new LinkedHashMap<>();
        pool.hosts().forEach(host -> kinds.merge(host.numaNodes(), 1, Integer::sum));
        Map<Size, ReplayVm> sizes = new LinkedHashMap<>();
        Map<Size, Integer> wanted = new HashMap<>();
        for (TraceVm arrival : trace.vms()) {
            ReplayVm vm = arrival.vm();
            sizes.putIfAbsent(Size.of(vm), vm);
            if (vm.strategy() != Strategy.AFFINITY) {
                wanted.merge(Size.of(vm), 1, Integer::sum);
            }
        }
        MPSolver solver = Solvers.linear();
        Map<Size, MPConstraint> demands = new HashMap<>();
        for (Size size : sizes.keySet()) {
            demands.put(size, solver.makeConstraint(-MPSolver.infinity(), wanted.getOrDefault(size, 0), ""));
        }
        long affinityVms = addGroups(solver, trace, kinds.keySet(), demands);
        kinds.forEach((nodes, count) -> addKind(solver, nodes, count, sizes, demands));
        solver.objective().setMaximization();
        Solvers.solve(solver);
        return new PlacedBound((long) Math.floor(solver.objective().value() + TOLERANCE), affinityVms);
    }

    /** VMs of groups raise what is wanted of their sizes, as far as a host takes the group. */
    private static long addGroups(
            MPSolver solver, Trace trace, Iterable<List<ReplayHost.NumaNode>> kinds, Map<Size, MPConstraint> demands) {
        long sum = 0;
        for (List<ReplayVm> group : AffinityOffline.groups(trace)) {
            int most = 0;
            for (List<ReplayHost.NumaNode> nodes : kinds) {
                most = Math.max(most, mostMembers(group, nodes));
            }
            sum += most;
            MPConstraint ofGroup = solver.makeConstraint(0, most, "");
            Map<Size, Integer> members = new LinkedHashMap<>();
            group.forEach(vm -> members.merge(Size.of(vm), 1, Integer::sum));
            members.forEach((size, count) -> {
                MPVariable placed = solver.makeNumVar(0, count, "");
                ofGroup.setCoefficient(placed, 1);
                constraint(demands, size).setCoefficient(placed, -1);
            });
        }
        return sum;
    }

    private static void addKind(
            MPSolver solver,
            List<ReplayHost.NumaNode> nodes,
            int hosts,
            Map<Size, ReplayVm> sizes,
            Map<Size, MPConstraint> demands) {
        List<MPConstraint> vcpus = new ArrayList<>();
        List<MPConstraint> memory = new ArrayList<>();
        for (ReplayHost.NumaNode node : nodes) {
            vcpus.add(solver.makeConstraint(0, (double) node.vcpus() * hosts, ""));
            memory.add(solver.makeConstraint(0, (double) node.memoryMib() * hosts, ""));
        }
        sizes.forEach((size, example) -> {
            int atOnce = Math.max(1, size.numaNodes());
            if (atOnce > 1) {
                int most = copies(example, nodes);
                MPVariable placed = variable(solver, (double) most * hosts, demands, size);
                for (int node = 0; node < nodes.size(); node++) {
                    vcpus.get(node).setCoefficient(placed, (double) size.vcpus() / atOnce);
                    memory.get(node).setCoefficient(placed, (double) size.memoryMib() / atOnce);
                }
            } else {
                for (int node = 0; node < nodes.size(); node++) {
                    int most = copies(example, List.of(nodes.get(node)));
                    MPVariable placed = variable(solver, (double) most * hosts, demands, size);
                    vcpus.get(node).setCoefficient(placed, size.vcpus());
                    memory.get(node).setCoefficient(placed, (double) size.memoryMib());
                }
            }
        });
    }

    private static MPVariable variable(MPSolver solver, double most, Map<Size, MPConstraint> demands, Size size) {
        MPVariable placed = solver.makeNumVar(0, most, "");
        constraint(demands, size).setCoefficient(placed, 1);
        solver.objective().setCoefficient(placed, 1);
        return placed;
    }

    private static MPConstraint constraint(Map<Size, MPConstraint> demands, Size size) {
        MPConstraint found = demands.get(size);
        if (found == null) {
            throw new IllegalStateException("no demand for " + size);
        }
        return found;
    }

    private static int copies(ReplayVm vm, List<ReplayHost.NumaNode> nodes) {
        NumaRoom room = new NumaRoom(new ReplayHost("", 0, nodes));
        int copies = 0;
        while (room.take(vm)) {
            copies++;
        }
        return copies;
    }

    /** Members that an empty host takes at most: exact if all are of one size, else by volume. */
    static int mostMembers(List<ReplayVm> group, List<ReplayHost.NumaNode> nodes) {
        if (new HashSet<>(group.stream().map(Size::of).toList()).size() == 1) {
            return Math.min(group.size(), copies(group.get(0), nodes));
        }
        long vcpus = nodes.stream().mapToLong(ReplayHost.NumaNode::vcpus).sum();
        long memoryMib =
                nodes.stream().mapToLong(ReplayHost.NumaNode::memoryMib).sum();
        return Math.min(
                smallest(group.stream().mapToLong(ReplayVm::vcpus).sorted().toArray(), vcpus),
                smallest(group.stream().mapToLong(ReplayVm::memoryMib).sorted().toArray(), memoryMib));
    }

    private static int smallest(long[] sorted, long room) {
        long left = room;
        int count = 0;
        while (count < sorted.length && sorted[count] <= left) {
            left -= sorted[count++];
        }
        return count;
    }
}
