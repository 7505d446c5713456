package io.kelpie.it.benchmark.packing;

import com.google.ortools.linearsolver.MPConstraint;
import com.google.ortools.linearsolver.MPSolver;
import com.google.ortools.linearsolver.MPVariable;
import com.google.ortools.sat.CpModel;
import com.google.ortools.sat.CpSolver;
import com.google.ortools.sat.CpSolverStatus;
import com.google.ortools.sat.IntVar;
import com.google.ortools.sat.LinearExpr;
import io.kelpie.controller.replay.ReplayVm;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fewest hosts of one kind that VMs present at the same time need, by a linear program over all ways to fill a host:
 * ways are added one at a time, each the most valuable one at the prices of the moment, found by CP-SAT. What is answered
 * is Farley's bound, in whole numbers: it holds whatever the prices are and however early the search ends.
 *
 * @param hosts no packing needs fewer
 * @param proven whether no better bound of this kind exists
 */
public record HostsBound(long hosts, boolean proven) {
    private static final int WAYS_MAX = 400;
    private static final long PRICE_UNIT = 1_000_000;
    /** By CP-SAT's own count of work, about a second each: no clock decides what the bound is. */
    private static final double PRICING_WORK = 5;

    private record Size(int vcpus, long memoryMib) {}

    /**
     * @param hostVcpus of a host
     * @param hostMemoryMib of a host
     */
    public static HostsBound of(Collection<ReplayVm> vms, int hostVcpus, long hostMemoryMib) {
        Map<Size, Integer> counts = new LinkedHashMap<>();
        vms.forEach(vm -> counts.merge(new Size(vm.vcpus(), vm.memoryMib()), 1, Integer::sum));
        return new Search(counts, hostVcpus, hostMemoryMib).run();
    }

    private static final class Search {
        private final List<Size> sizes;
        private final long[] counts;
        private final int hostVcpus;
        private final long hostMemoryMib;
        private final List<long[]> ways = new ArrayList<>();

        Search(Map<Size, Integer> counts, int hostVcpus, long hostMemoryMib) {
            sizes = List.copyOf(counts.keySet());
            this.counts = sizes.stream().mapToLong(counts::get).toArray();
            this.hostVcpus = hostVcpus;
            this.hostMemoryMib = hostMemoryMib;
        }

        HostsBound run() {
            Solvers.load();
            for (int i = 0; i < sizes.size(); i++) {
                long[] alone = new long[sizes.size()];
                alone[i] = most(i);
                if (alone[i] == 0) {
                    throw new IllegalArgumentException("no host takes " + sizes.get(i));
                }
                ways.add(alone);
            }
            long bound = 0;
            for (int round = 0; round < WAYS_MAX; round++) {
                long[] prices = prices();
                Filled best = fill(prices);
                long value = 0;
                for (int i = 0; i < prices.length; i++) {
                    value += prices[i] * counts[i];
                }
                // No host is worth more than best.most, so all VMs together need value / best.most hosts.
                bound = Math.max(bound, (value + best.most - 1) / best.most);
                if (best.most <= PRICE_UNIT + sizes.size()) {
                    return new HostsBound(bound, true);
                }
                ways.add(best.way);
            }
            return new HostsBound(bound, false);
        }

        private long most(int size) {
            long byVcpus = hostVcpus / sizes.get(size).vcpus();
            long byMemory = hostMemoryMib / sizes.get(size).memoryMib();
            return Math.min(counts[size], Math.min(byVcpus, byMemory));
        }

        /** What a VM of each size is worth when the known ways are used as well as can be, in units, rounded down. */
        private long[] prices() {
            MPSolver solver = Solvers.linear();
            List<MPConstraint> demands = new ArrayList<>();
            for (long count : counts) {
                demands.add(solver.makeConstraint((double) count, MPSolver.infinity(), ""));
            }
            for (long[] way : ways) {
                MPVariable used = solver.makeNumVar(0, MPSolver.infinity(), "");
                solver.objective().setCoefficient(used, 1);
                for (int i = 0; i < way.length; i++) {
                    if (way[i] > 0) {
                        demands.get(i).setCoefficient(used, (double) way[i]);
                    }
                }
            }
            solver.objective().setMinimization();
            Solvers.solve(solver);
            long[] prices = new long[counts.length];
            for (int i = 0; i < prices.length; i++) {
                prices[i] = Math.max(0, (long) Math.floor(demands.get(i).dualValue() * PRICE_UNIT));
            }
            solver.delete();
            return prices;
        }

        /** A way to fill a host: VMs of each size, and what no way is worth more than. */
        private static final class Filled {
            private final long[] way;
            private final long most;

            Filled(long[] way, long most) {
                this.way = way;
                this.most = most;
            }
        }

        private Filled fill(long[] prices) {
            CpModel model = new CpModel();
            IntVar[] taken = new IntVar[prices.length];
            long[] vcpus = new long[prices.length];
            long[] memoryMib = new long[prices.length];
            for (int i = 0; i < taken.length; i++) {
                taken[i] = model.newIntVar(0, most(i), "");
                vcpus[i] = sizes.get(i).vcpus();
                memoryMib[i] = sizes.get(i).memoryMib();
            }
            model.addLessOrEqual(LinearExpr.weightedSum(taken, vcpus), hostVcpus);
            model.addLessOrEqual(LinearExpr.weightedSum(taken, memoryMib), hostMemoryMib);
            model.maximize(LinearExpr.weightedSum(taken, prices));
            CpSolver solver = new CpSolver();
            solver.getParameters()
                    .setMaxDeterministicTime(PRICING_WORK)
                    .setNumWorkers(1)
                    .setRandomSeed(1);
            CpSolverStatus status = solver.solve(model);
            if (status != CpSolverStatus.OPTIMAL && status != CpSolverStatus.FEASIBLE) {
                throw new IllegalStateException("CP-SAT ended with " + status);
            }
            long[] way = new long[taken.length];
            for (int i = 0; i < way.length; i++) {
                way[i] = solver.value(taken[i]);
            }
            return new Filled(way, Math.max(1, (long) Math.ceil(solver.bestObjectiveBound() - 1e-3)));
        }
    }
}
