package io.kelpie.it.benchmark.peer;

import io.kelpie.controller.scheduling.HostView;
import io.kelpie.it.benchmark.churn.ChurnPool;
import java.util.List;

/** What is free on each host: vCPUs, memory, disk space and devices of one kind. Used by one thread at a time. */
final class PeerBooks {
    private final int[] vcpus;
    private final long[] memoryMib;
    private final long[] diskMib;
    private final int[] devices;

    PeerBooks(List<HostView> hosts, int overcommitPercent) {
        vcpus = new int[hosts.size()];
        memoryMib = new long[hosts.size()];
        diskMib = new long[hosts.size()];
        devices = new int[hosts.size()];
        for (int host = 0; host < vcpus.length; host++) {
            HostView view = hosts.get(host);
            vcpus[host] = view.size().cpus() * overcommitPercent / 100;
            memoryMib[host] = view.size().memoryMib();
            diskMib[host] = view.size().poolMib().getOrDefault(ChurnPool.POOL, 0L);
            devices[host] = view.size().devices().getOrDefault(ChurnPool.DEVICE, 0);
        }
    }

    boolean hasRoom(PeerNeed wanted, int host) {
        return vcpus[host] >= wanted.vcpus()
                && memoryMib[host] >= wanted.memoryMib()
                && diskMib[host] >= wanted.diskMib()
                && devices[host] >= wanted.devices();
    }

    long freeMemoryMib(int host) {
        return memoryMib[host];
    }

    void take(PeerNeed wanted, int host) {
        book(wanted, host, 1);
    }

    void giveBack(PeerNeed wanted, int host) {
        book(wanted, host, -1);
    }

    private void book(PeerNeed wanted, int host, int sign) {
        vcpus[host] -= sign * wanted.vcpus();
        memoryMib[host] -= sign * wanted.memoryMib();
        diskMib[host] -= sign * wanted.diskMib();
        devices[host] -= sign * wanted.devices();
    }
}
