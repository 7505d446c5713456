package io.kelpie.it.benchmark.churn;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostView;
import java.util.List;

/**
 * Best-fit by a look at every host and no rule but room for vCPUs and memory: what a loop can do at best. Of the hosts with
 * room it takes the one with the least free memory.
 */
public final class PlainScanEngine implements ChurnEngine {
    private final int[] freeVcpus;
    private final long[] freeMemoryMib;

    public PlainScanEngine(ChurnPool pool, int overcommitPercent) {
        int hosts = pool.hosts().size();
        freeVcpus = new int[hosts];
        freeMemoryMib = new long[hosts];
        for (int host = 0; host < hosts; host++) {
            HostView view = pool.hosts().get(host);
            if (ChurnPool.takesVms(view)) {
                freeVcpus[host] = view.size().cpus() * overcommitPercent / 100;
                freeMemoryMib[host] = view.size().memoryMib();
            }
        }
    }

    @Override
    public void place(List<ChurnJob> jobs) {
        for (ChurnJob job : jobs) {
            Reservation wanted = job.reservation();
            for (int vm = 0; vm < job.vms(); vm++) {
                int host = best(wanted.vcpus(), wanted.memoryMib());
                if (host != ChurnJob.NOWHERE) {
                    book(wanted, host, 1);
                    job.seat(vm, host);
                }
            }
        }
    }

    private int best(int vcpus, long memoryMib) {
        int best = ChurnJob.NOWHERE;
        long least = Long.MAX_VALUE;
        for (int host = 0; host < freeVcpus.length; host++) {
            long free = freeMemoryMib[host];
            if (free >= memoryMib && free < least && freeVcpus[host] >= vcpus) {
                best = host;
                least = free;
            }
        }
        return best;
    }

    @Override
    public void remove(ChurnJob job) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (job.seat(vm) != ChurnJob.NOWHERE) {
                book(job.reservation(), job.seat(vm), -1);
                job.seat(vm, ChurnJob.NOWHERE);
            }
        }
    }

    @Override
    public void adopt(ChurnJob job, int[] hosts) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (hosts[vm] != ChurnJob.NOWHERE) {
                book(job.reservation(), hosts[vm], 1);
                job.seat(vm, hosts[vm]);
            }
        }
    }

    private void book(Reservation wanted, int host, int sign) {
        freeVcpus[host] -= sign * wanted.vcpus();
        freeMemoryMib[host] -= sign * wanted.memoryMib();
    }
}
