package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.table.Ask;
import io.kelpie.controller.scheduling.table.HostTable;

/** The fuller a host is with the VM on it, the better: the mean of memory and promised vCPUs. Keeps big holes whole. */
public final class BestFitScorer implements Scorer {
    @Override
    public long score(HostTable hosts, int host, Ask ask) {
        long memoryMib = hosts.view(host).memoryMib();
        long memoryLeftMib = hosts.freeMemoryMib(host) - ask.reservation().memoryMib();
        long vcpus = hosts.vcpuCapacity(host);
        long vcpusLeft = hosts.freeVcpus(host) - ask.reservation().vcpus();
        return (fullness(memoryMib, memoryLeftMib) + fullness(vcpus, vcpusLeft)) / 2;
    }

    private static long fullness(long total, long left) {
        return total <= 0 ? BEST : Math.min(BEST, Math.max(0, (total - left) * BEST / total));
    }
}
