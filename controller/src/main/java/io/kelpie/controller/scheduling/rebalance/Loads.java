package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The loads of the hosts that take part, as {@link Measure} defines them, kept while VMs move. Belongs to one thread.
 */
final class Loads {
    /** A load of 100 %. */
    static final int WHOLE = 10_000;

    private final HostTable hosts;
    private final List<Integer> taking = new ArrayList<>();
    private final int[] loads; // by host
    private long sum;
    private long squares;

    Loads(HostTable hosts) {
        this.hosts = hosts;
        loads = new int[hosts.limit()];
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host) && takesPart(host)) {
                taking.add(host);
                loads[host] = now(host);
                sum += loads[host];
                squares += (long) loads[host] * loads[host];
            }
        }
        taking.sort(Comparator.comparing(host -> hosts.view(host).id()));
    }

    private boolean takesPart(int host) {
        HostTraits traits = hosts.view(host).traits();
        return traits.ready() && !traits.cordoned() && !traits.draining();
    }

    /** Hosts that take part, in the order of their ids. */
    List<Integer> taking() {
        return taking;
    }

    /** The load as it was at the last {@link #renew}. */
    int of(int host) {
        return loads[host];
    }

    /** What a host holds has changed. */
    void renew(int host) {
        int before = loads[host];
        loads[host] = now(host);
        sum += loads[host] - before;
        squares += (long) loads[host] * loads[host] - (long) before * before;
    }

    /** The load that the host's table says. */
    int now(int host) {
        return share(host, 0, 0);
    }

    /** The same with a VM more. */
    int with(int host, Demand demand) {
        return share(host, demand.vcpus(), demand.memoryMib() + demand.hugepagesMib());
    }

    private int share(int host, int vcpus, long memoryMib) {
        HostSize size = hosts.view(host).size();
        long total = size.memoryMib();
        long free = hosts.freeMemoryMib(host);
        for (PageSize page : PageSize.values()) {
            total += size.hugepagesMib().getOrDefault(page, 0L);
            free += hosts.freeHugepagesMib(host, page);
        }
        int vcpuTotal = hosts.vcpuCapacity(host);
        return Math.max(
                share(vcpuTotal - hosts.freeVcpus(host) + (long) vcpus, vcpuTotal),
                share(total - free + memoryMib, total));
    }

    private static int share(long held, long total) {
        if (total <= 0) {
            return held > 0 ? WHOLE : 0;
        }
        return (int) Math.max(0, Math.min(10 * WHOLE, held * WHOLE / total));
    }

    /** The variance of the loads times the square of their number. */
    long variation() {
        return taking.size() * squares - sum * sum;
    }

    /** The same if two hosts had other loads. */
    long variation(int host, int load, int other, int otherLoad) {
        long newSum = sum - loads[host] - loads[other] + load + otherLoad;
        long newSquares = squares - square(loads[host]) - square(loads[other]) + square(load) + square(otherLoad);
        return taking.size() * newSquares - newSum * newSum;
    }

    private static long square(int load) {
        return (long) load * load;
    }

    /**
     * @param carrying hosts with at least one VM
     */
    Measure measure(int carrying) {
        int least = taking.stream().mapToInt(host -> loads[host]).min().orElse(0);
        int most = taking.stream().mapToInt(host -> loads[host]).max().orElse(0);
        int count = Math.max(1, taking.size());
        int deviation = (int) Math.sqrt((double) (variation() / count / count));
        return new Measure(taking.size(), carrying, least, most, deviation);
    }
}
