package io.kelpie.controller.scheduling.engine;

import java.util.List;

/** The hosts that a rule leaves, where these are few. For use again and again by one thread. */
final class ShortLists {
    /** So many hosts are looked at one by one rather than by the index. */
    private static final int FEW = 64;
    /** So many near another job's VMs; what they are spared is a look at all hosts. */
    private static final int FEW_NEARBY = 512;

    private final HostTable hosts;
    private final IntList list = new IntList();
    private int most;

    ShortLists(HostTable hosts) {
        this.hosts = hosts;
    }

    /** The hosts that were collected; meaningful if that went well. */
    IntList list() {
        return list;
    }

    /** Collects all hosts that may pass, if a rule leaves few; false if none does. */
    boolean collect(Ask ask) {
        list.clear();
        most = FEW;
        if (ask.isBound()) {
            if (ask.boundHost() != HostTable.UNKNOWN) {
                list.add(ask.boundHost());
            }
            return true;
        }
        if (hosts.count() <= FEW) {
            for (int host = 0; host < hosts.limit(); host++) {
                if (hosts.exists(host)) {
                    list.add(host);
                }
            }
            return true;
        }
        return !isThereEachDevice(ask.demand()) || collectNear(ask.terms().affinity());
    }

    private static boolean isThereEachDevice(Demand demand) {
        for (int i = 0; i < demand.deviceCount(); i++) {
            if (demand.device(i) == HostTable.UNKNOWN) {
                return false;
            }
        }
        return true;
    }

    private boolean collectNear(List<JobTerms.Affinity> affinity) {
        for (int i = 0; i < affinity.size(); i++) {
            JobTerms.Affinity near = affinity.get(i);
            if (near.required() && !(near.self() && near.isFirst())) {
                list.clear();
                if (collectOccupied(near.census())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Collects the hosts near to any job that the VM prefers to be near to; false if they are not few, or none is wanted. */
    boolean collectPreferred(Ask ask) {
        list.clear();
        most = FEW_NEARBY;
        boolean any = false;
        List<JobTerms.Affinity> affinity = ask.terms().affinity();
        for (int i = 0; i < affinity.size(); i++) {
            if (!affinity.get(i).required()) {
                any = true;
                if (!collectOccupied(affinity.get(i).census())) {
                    return false;
                }
            }
        }
        return any;
    }

    private boolean collectOccupied(Census census) {
        Domains domains = census.domains();
        if (domains == null) {
            return collect(census.byHost());
        }
        IntCounts byDomain = census.byDomain();
        for (int slot = 0; slot < byDomain.slots(); slot++) {
            if (byDomain.keyAt(slot) >= 0 && !collect(domains.hosts(byDomain.keyAt(slot)))) {
                return false;
            }
        }
        return true;
    }

    /** Collects the hosts of the domains that have so many VMs, if these are few. */
    boolean collectLevel(Census census, int level) {
        Domains domains = census.domains();
        list.clear();
        most = FEW;
        if (domains == null) {
            return false;
        }
        for (int domain = 0; domain < domains.count(); domain++) {
            if (census.count(domain) == level && !collect(domains.hosts(domain))) {
                return false;
            }
        }
        return true;
    }

    private boolean collect(IntCounts byHost) {
        if (list.size() + byHost.size() > most) {
            return false;
        }
        for (int slot = 0; slot < byHost.slots(); slot++) {
            if (byHost.keyAt(slot) >= 0) {
                list.add(byHost.keyAt(slot));
            }
        }
        return true;
    }

    private boolean collect(IntList some) {
        if (list.size() + some.size() > most) {
            return false;
        }
        for (int i = 0; i < some.size(); i++) {
            list.add(some.get(i));
        }
        return true;
    }
}
