package io.kelpie.controller.replay;

import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * How much of a trace is there at the same time at most, if no VM is rejected: what no packing can do without.
 *
 * @param vcpus most vCPUs at one instant
 * @param memoryMib most memory at one instant, with QEMU's own if the rules count it
 * @param vms most VMs at one instant
 */
public record VolumeBound(long vcpus, long memoryMib, int vms) {

    public static VolumeBound of(Trace trace, ReplayRules.Overhead overhead) {
        PriorityQueue<TraceVm> here = new PriorityQueue<>(Comparator.comparingLong(TraceVm::leavesMillis));
        long vcpus = 0;
        long memoryMib = 0;
        long peakVcpus = 0;
        long peakMemoryMib = 0;
        int peakVms = 0;
        for (TraceVm arrival : trace.vms()) {
            for (TraceVm first = here.peek();
                    first != null && first.leavesMillis() <= arrival.arrivesMillis();
                    first = here.peek()) {
                here.remove();
                vcpus -= first.vm().vcpus();
                memoryMib -= overhead.footprintMib(first.vm());
            }
            here.add(arrival);
            vcpus += arrival.vm().vcpus();
            memoryMib += overhead.footprintMib(arrival.vm());
            peakVcpus = Math.max(peakVcpus, vcpus);
            peakMemoryMib = Math.max(peakMemoryMib, memoryMib);
            peakVms = Math.max(peakVms, here.size());
        }
        return new VolumeBound(peakVcpus, peakMemoryMib, peakVms);
    }

    /** Fewest hosts of a kind that have so much room; at least 1. */
    public long hosts(long hostVcpus, long hostMemoryMib) {
        long hosts = Math.max(ceiling(vcpus, hostVcpus), ceiling(memoryMib, hostMemoryMib));
        return Math.max(1, hosts);
    }

    private static long ceiling(long amount, long part) {
        return (amount + part - 1) / part;
    }
}
