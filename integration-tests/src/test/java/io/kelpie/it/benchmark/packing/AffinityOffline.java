package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A greedy figure for affinity by one who knows all groups beforehand and has the pool to himself: group by group, on the
 * host where most of its members find room, the smallest first.
 *
 * @param placed VMs with affinity that got a place
 * @param groupMost the sum over the groups of what the best empty host takes
 */
public record AffinityOffline(int placed, int groupMost) {

    public static AffinityOffline of(ReplayPool pool, Trace trace) {
        List<NumaRoom> rooms = new ArrayList<>();
        pool.hosts().forEach(host -> rooms.add(new NumaRoom(host)));
        Map<List<ReplayHost.NumaNode>, NumaRoom> kinds = new HashMap<>();
        pool.hosts().forEach(host -> kinds.putIfAbsent(host.numaNodes(), new NumaRoom(host)));
        int placed = 0;
        int groupMost = 0;
        for (List<ReplayVm> group : groups(trace)) {
            int most = 0;
            for (NumaRoom kind : kinds.values()) {
                most = Math.max(most, fit(kind.copy(), group));
            }
            groupMost += most;
            placed += place(rooms, group);
        }
        return new AffinityOffline(placed, groupMost);
    }

    private static int place(List<NumaRoom> rooms, List<ReplayVm> group) {
        int best = -1;
        int bestCount = 0;
        for (int host = 0; host < rooms.size(); host++) {
            int count = fit(rooms.get(host).copy(), group);
            boolean tighter = best >= 0
                    && count == bestCount
                    && rooms.get(host).freeVcpus() < rooms.get(best).freeVcpus();
            if (count > bestCount || (tighter && count > 0)) {
                best = host;
                bestCount = count;
            }
        }
        return best < 0 ? 0 : fit(rooms.get(best), group);
    }

    private static int fit(NumaRoom room, List<ReplayVm> group) {
        int count = 0;
        for (ReplayVm vm : group) {
            count += room.take(vm) ? 1 : 0;
        }
        return count;
    }

    /** Members of each group, the smallest first. */
    static List<List<ReplayVm>> groups(Trace trace) {
        Map<Integer, List<ReplayVm>> groups = new TreeMap<>();
        for (TraceVm arrival : trace.vms()) {
            if (arrival.vm().strategy() == Strategy.AFFINITY) {
                groups.computeIfAbsent(arrival.vm().group(), unused -> new ArrayList<>())
                        .add(arrival.vm());
            }
        }
        groups.values()
                .forEach(group ->
                        group.sort(Comparator.comparingInt(ReplayVm::vcpus).thenComparingLong(ReplayVm::memoryMib)));
        return List.copyOf(groups.values());
    }
}
