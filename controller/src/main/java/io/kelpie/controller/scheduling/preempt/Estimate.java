package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;

/**
 * What making room on a host costs at least, told from sums. Budgets and rules about other VMs are not looked at, so
 * the truth is never less. Allocates nothing.
 */
final class Estimate {
    private final HostTable hosts;
    private final Instances instances;
    private int victims;
    private int highestPriority;
    private long prioritySum;
    private long oldestSinceMillis;

    Estimate(Inventory inventory) {
        hosts = inventory.hosts();
        instances = inventory.instances();
    }

    /** False if not even ending all VMs of lower priority could make room. */
    boolean make(Ask ask, int host, Profile profile) {
        Demand demand = ask.demand();
        long vcpus = demand.vcpus() - hosts.freeVcpus(host) - profile.leavingVcpus();
        long memoryMib = demand.memoryMib() - hosts.freeMemoryMib(host) - profile.leavingMemoryMib();
        for (int claim : profile.claims()) {
            if (instances.ask(claim).priority() < ask.priority()) {
                vcpus -= instances.ask(claim).demand().vcpus();
                memoryMib -= instances.ask(claim).demand().memoryMib();
            }
        }
        int count = profile.countBelow(ask.priority());
        if (vcpus > profile.vcpus(count)
                || memoryMib > profile.memoryMib(count)
                || !hasRest(ask, host, profile, count)) {
            return false;
        }
        if (vcpus <= 0 && memoryMib <= 0) {
            victims = 0;
            highestPriority = Price.NO_PRIORITY;
            prioritySum = 0;
            oldestSinceMillis = Price.NO_AGE;
            return true;
        }
        victims = (int)
                Math.max(atLeast(vcpus, profile.mostVcpus(count)), atLeast(memoryMib, profile.mostMemoryMib(count)));
        highestPriority = profile.priority(profile.countFor(vcpus, memoryMib) - 1);
        prioritySum = Math.max(profile.prioritySum(victims), profile.prioritySum(victims - 1) + highestPriority);
        oldestSinceMillis = profile.latestMillis(count);
        return true;
    }

    private static long atLeast(long wanted, long most) {
        return wanted <= 0 ? 0 : (wanted + most - 1) / most;
    }

    /** Hugepages, disk space and devices, if they are asked for. */
    private boolean hasRest(Ask ask, int host, Profile profile, int count) {
        Demand demand = ask.demand();
        PageSize page = demand.hugepages();
        if (page != null && !hasHugepages(ask, host, profile, count, page)) {
            return false;
        }
        for (int i = 0; host != ask.boundHost() && i < demand.poolCount(); i++) {
            if (!hasPool(ask, host, profile, count, i)) {
                return false;
            }
        }
        for (int i = 0; i < demand.deviceCount(); i++) {
            if (!hasDevices(ask, host, profile, count, i)) {
                return false;
            }
        }
        return true;
    }

    private boolean hasHugepages(Ask ask, int host, Profile profile, int count, PageSize page) {
        long missing = ask.demand().hugepagesMib() - hosts.freeHugepagesMib(host, page);
        for (int n = 0; missing > 0 && n < all(profile, count); n++) {
            Demand other = instances.ask(instance(profile, count, n)).demand();
            missing -= other.hugepages() == page ? other.hugepagesMib() : 0;
        }
        return missing <= 0;
    }

    private boolean hasPool(Ask ask, int host, Profile profile, int count, int i) {
        int pool = ask.demand().pool(i);
        long missing = ask.demand().poolMib(i) - hosts.freePoolMib(host, pool);
        for (int n = 0; missing > 0 && n < all(profile, count); n++) {
            int instance = instance(profile, count, n);
            Demand other = instances.ask(instance).demand();
            boolean frees = instances.withPools(instance) && !other.shape().keepsDisks();
            for (int j = 0; frees && j < other.poolCount(); j++) {
                missing -= other.pool(j) == pool ? other.poolMib(j) : 0;
            }
        }
        return missing <= 0;
    }

    private boolean hasDevices(Ask ask, int host, Profile profile, int count, int i) {
        int kind = ask.demand().device(i);
        int missing = ask.demand().devices(i) - hosts.freeDevices(host, kind);
        for (int n = 0; missing > 0 && n < all(profile, count); n++) {
            Demand other = instances.ask(instance(profile, count, n)).demand();
            for (int j = 0; j < other.deviceCount(); j++) {
                missing -= other.device(j) == kind ? other.devices(j) : 0;
            }
        }
        return missing <= 0;
    }

    /** Instances that may go: those on their way out, the claims, and the first endable ones. */
    private static int all(Profile profile, int count) {
        return profile.leaving().length + profile.claims().length + count;
    }

    private static int instance(Profile profile, int count, int n) {
        if (n < count) {
            return profile.endable(n);
        }
        int at = n - count;
        return at < profile.leaving().length ? profile.leaving()[at] : profile.claims()[at - profile.leaving().length];
    }

    /** No fewer victims than this. */
    int victims() {
        return victims;
    }

    /** One of them has at least this priority; {@link Price#NO_PRIORITY} if there may be none. */
    int highestPriority() {
        return highestPriority;
    }

    long prioritySum() {
        return prioritySum;
    }

    /** The oldest of them is not younger than this. */
    long oldestSinceMillis() {
        return oldestSinceMillis;
    }
}
