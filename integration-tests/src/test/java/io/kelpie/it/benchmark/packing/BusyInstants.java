package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeMap;

/** Who is there at the instants of a trace at which most is asked for, if no VM is rejected. */
final class BusyInstants {
    private BusyInstants() {}

    /**
     * The VMs present when they ask for most vCPUs, for most memory, and when most are there that need more than half a
     * host: one to three lists.
     */
    static List<List<ReplayVm>> of(Trace trace, int hostVcpus, long hostMemoryMib) {
        PriorityQueue<TraceVm> here = new PriorityQueue<>(Comparator.comparingLong(TraceVm::leavesMillis));
        long[] now = new long[3];
        long[] most = new long[3];
        int[] when = new int[3];
        for (int i = 0; i < trace.vms().size(); i++) {
            TraceVm arrival = trace.vms().get(i);
            for (TraceVm first = here.peek();
                    first != null && first.leavesMillis() <= arrival.arrivesMillis();
                    first = here.peek()) {
                here.remove();
                add(now, first.vm(), -1, hostVcpus, hostMemoryMib);
            }
            here.add(arrival);
            add(now, arrival.vm(), 1, hostVcpus, hostMemoryMib);
            for (int measure = 0; measure < now.length; measure++) {
                if (now[measure] > most[measure]) {
                    most[measure] = now[measure];
                    when[measure] = i;
                }
            }
        }
        TreeMap<Integer, List<ReplayVm>> present = new TreeMap<>();
        for (int index : when) {
            present.computeIfAbsent(index, at -> presentAt(trace, at));
        }
        return List.copyOf(present.values());
    }

    private static void add(long[] now, ReplayVm vm, int sign, int hostVcpus, long hostMemoryMib) {
        now[0] += (long) sign * vm.vcpus();
        now[1] += sign * vm.memoryMib();
        now[2] += 2 * vm.vcpus() > hostVcpus || 2 * vm.memoryMib() > hostMemoryMib ? sign : 0;
    }

    /** Who is there just after an arrival. */
    private static List<ReplayVm> presentAt(Trace trace, int index) {
        long instant = trace.vms().get(index).arrivesMillis();
        List<ReplayVm> present = new ArrayList<>();
        for (TraceVm vm : trace.vms().subList(0, index + 1)) {
            if (vm.leavesMillis() > instant) {
                present.add(vm.vm());
            }
        }
        return present;
    }
}
