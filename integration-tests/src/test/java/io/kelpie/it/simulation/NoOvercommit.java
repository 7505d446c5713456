package io.kelpie.it.simulation;

import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.NumaNode;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.VmRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The reservations on a host never exceed its memory, its hugepages, nor its vCPUs with overcommitment; and those that
 * are bound to one of its NUMA nodes never what that has.
 */
final class NoOvercommit implements Checker {
    private static final int VCPUS_PER_CPU = 4;
    private static final int PAGE_MIB = 2;

    private final Violations violations;

    NoOvercommit(Violations violations) {
        this.violations = violations;
    }

    /** Shares of NUMA nodes need not be whole. */
    private static final class Sum {
        double memoryMib;
        double hugepagesMib;
        double vcpus;

        void add(Reservation reservation, int share) {
            memoryMib += (double) reservation.getMemoryMib() / share;
            hugepagesMib += (double) reservation.getHugepagesMib() / share;
            vcpus += (double) reservation.getVcpus() / share;
        }

        boolean exceeds(long memory, List<HugepageCount> pages, int cpus) {
            long pagesMib = pages.stream()
                    .filter(count -> count.getSize() == Hugepages.HUGEPAGES_2MI)
                    .mapToLong(count -> count.getCount() * PAGE_MIB)
                    .sum();
            return memoryMib > memory || hugepagesMib > pagesMib || vcpus > (double) cpus * VCPUS_PER_CPU;
        }

        @Override
        public String toString() {
            return memoryMib + " MiB, " + hugepagesMib + " MiB in hugepages and " + vcpus + " vCPUs";
        }
    }

    @Override
    public void stored(StoreView store) {
        Map<String, Sum> used = new HashMap<>();
        for (VmRecord vm : store.vms().values()) {
            if (!vm.getHostId().isEmpty()) {
                Reservation reservation = vm.getReservation();
                sum(used, vm.getHostId()).add(reservation, 1);
                for (int node : reservation.getNumaNodesList()) {
                    sum(used, vm.getHostId() + "/" + node).add(reservation, reservation.getNumaNodesCount());
                }
            }
        }
        for (HostRecord host : store.hosts().values()) {
            HostCapacity capacity = host.getCapacity();
            Sum whole = sum(used, host.getHostId());
            if (whole.exceeds(capacity.getMemoryMib(), capacity.getHugepagesList(), capacity.getCpus())) {
                violations.found(this, host.getName() + " holds " + whole);
            }
            for (NumaNode node : capacity.getNumaNodesList()) {
                Sum bound = sum(used, host.getHostId() + "/" + node.getId());
                if (bound.exceeds(node.getMemoryMib(), node.getHugepagesList(), node.getCpus())) {
                    violations.found(this, host.getName() + "'s NUMA node " + node.getId() + " holds " + bound);
                }
            }
        }
    }

    private static Sum sum(Map<String, Sum> used, String holder) {
        return used.computeIfAbsent(holder, absent -> new Sum());
    }
}
