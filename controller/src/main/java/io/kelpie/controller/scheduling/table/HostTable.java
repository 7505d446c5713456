package io.kelpie.controller.scheduling.table;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The working state of one plan: what each host still has, in arrays by the host's place in the snapshot. Belongs to
 * the thread that plans.
 */
public final class HostTable {
    /** Stands for a host or pool that the snapshot does not have. */
    public static final int UNKNOWN = -1;

    private static final long NO_POOL = Long.MIN_VALUE;

    private final List<HostView> views;
    private final Map<String, Integer> hostIndexes = new HashMap<>();
    private final Map<String, Integer> poolIndexes = new HashMap<>();
    private final long[] vcpuCapacity;
    private final long[] freeVcpus;
    private final long[] freeMemoryMib;
    private final long[][] freePoolMib; // by pool, then host

    public HostTable(ClusterSnapshot snapshot, SchedulingPolicy policy) {
        views = snapshot.hosts();
        int size = views.size();
        vcpuCapacity = new long[size];
        freeVcpus = new long[size];
        freeMemoryMib = new long[size];
        Set<String> pools = new TreeSet<>();
        for (int host = 0; host < size; host++) {
            HostView view = views.get(host);
            hostIndexes.put(view.id(), host);
            pools.addAll(view.pools().keySet());
            vcpuCapacity[host] = (long) view.cpus() * policy.vcpuOvercommitPercent() / 100;
            freeVcpus[host] = vcpuCapacity[host] - view.usedVcpus();
            freeMemoryMib[host] = view.memoryMib() - view.usedMemoryMib();
        }
        freePoolMib = new long[pools.size()][size];
        int next = 0;
        for (String pool : pools) {
            long[] free = freePoolMib[next];
            Arrays.fill(free, NO_POOL);
            for (int host = 0; host < size; host++) {
                HostView view = views.get(host);
                Long total = view.pools().get(pool);
                if (total != null) {
                    free[host] = total - view.usedPoolMib().getOrDefault(pool, 0L);
                }
            }
            poolIndexes.put(pool, next++);
        }
    }

    public int size() {
        return views.size();
    }

    /** The host as it was before the plan. */
    public HostView view(int host) {
        return views.get(host);
    }

    /** Index of the host with the id, or {@link #UNKNOWN}. */
    public int hostIndex(String id) {
        return hostIndexes.getOrDefault(id, UNKNOWN);
    }

    /** Index of the pool with the name, or {@link #UNKNOWN} if no host has it. */
    public int poolIndex(String pool) {
        return poolIndexes.getOrDefault(pool, UNKNOWN);
    }

    /** vCPUs that may be promised in all. */
    public long vcpuCapacity(int host) {
        return vcpuCapacity[host];
    }

    /** vCPUs that may still be promised; negative if more is held than there is. */
    public long freeVcpus(int host) {
        return freeVcpus[host];
    }

    /** Memory left, in MiB; negative if more is held than there is. */
    public long freeMemoryMib(int host) {
        return freeMemoryMib[host];
    }

    public boolean hasPool(int host, int pool) {
        return pool != UNKNOWN && freePoolMib[pool][host] != NO_POOL;
    }

    /** Space left in a pool that the host has, in MiB; negative if more is held than there is. */
    public long freePoolMib(int host, int pool) {
        return freePoolMib[pool][host];
    }

    /** Takes what the ask holds from a host that passed every filter for it. */
    public void take(int host, Ask ask) {
        Reservation held = ask.reservation();
        freeVcpus[host] -= held.vcpus();
        freeMemoryMib[host] -= held.memoryMib();
        if (host != ask.boundHost()) {
            for (int i = 0; i < ask.poolCount(); i++) {
                freePoolMib[ask.pool(i)][host] -= ask.poolMib(i);
            }
        }
    }
}
