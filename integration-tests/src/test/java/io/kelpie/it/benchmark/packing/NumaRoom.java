package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayVm;

/** What is free on the one or two NUMA nodes of a host, booked as the traces' strategies want it. Used by one thread. */
final class NumaRoom {
    private final long[] vcpus;
    private final long[] memoryMib;

    NumaRoom(ReplayHost host) {
        vcpus = host.numaNodes().stream().mapToLong(ReplayHost.NumaNode::vcpus).toArray();
        memoryMib = host.numaNodes().stream()
                .mapToLong(ReplayHost.NumaNode::memoryMib)
                .toArray();
    }

    private NumaRoom(NumaRoom other) {
        vcpus = other.vcpus.clone();
        memoryMib = other.memoryMib.clone();
    }

    NumaRoom copy() {
        return new NumaRoom(this);
    }

    /** Takes the room of a VM that wants one NUMA node (the fullest with room) or two; false if there is none. */
    boolean take(ReplayVm vm) {
        int nodes = Math.max(1, vm.numaNodes());
        long cpus = ((long) vm.vcpus() + nodes - 1) / nodes;
        long memory = (vm.memoryMib() + nodes - 1) / nodes;
        int bits = 0;
        for (int n = 0; n < nodes; n++) {
            int best = -1;
            for (int node = 0; node < vcpus.length; node++) {
                boolean free = (bits >>> node & 1) == 0 && vcpus[node] >= cpus && memoryMib[node] >= memory;
                if (free && (best < 0 || vcpus[node] < vcpus[best])) {
                    best = node;
                }
            }
            if (best < 0) {
                return false;
            }
            bits |= 1 << best;
        }
        for (int node = 0; node < vcpus.length; node++) {
            if ((bits >>> node & 1) == 1) {
                vcpus[node] -= cpus;
                memoryMib[node] -= memory;
            }
        }
        return true;
    }

    long freeVcpus() {
        long sum = 0;
        for (long free : vcpus) {
            sum += free;
        }
        return sum;
    }
}
