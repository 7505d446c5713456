package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;

/**
 * What all hosts have together and what is held of it, and so what counts how much when room is compared. A function of
 * these sums alone. Belongs to one thread.
 */
final class Balance {
    /** One amount is scarce if the share of it that is held is so much larger than the other's, in percent. */
    private static final int SCARCE_PERCENT = 105;

    private final Packing packing;
    private int hosts;
    private long vcpus;
    private long memoryMib;
    private long heldVcpus;
    private long heldMemoryMib;

    @SuppressWarnings("NullAway.Init") // set by renew
    private MeanHost mean;

    @SuppressWarnings("NullAway.Init") // set by renew
    private PackCost scarceVcpus;

    @SuppressWarnings("NullAway.Init") // set by renew
    private PackCost scarceMemory;

    @SuppressWarnings("NullAway.Init") // set by renew
    private PackCost even;

    @SuppressWarnings("NullAway.Init") // set by renew
    private SpreadCost spread;

    Balance(Packing packing) {
        this.packing = packing;
        renew();
    }

    /**
     * A host comes, with all that is held of it, or goes.
     *
     * @param sign 1: comes, -1: goes
     */
    void host(HostTable table, int host, int sign) {
        long capacityMib = table.view(host).size().memoryMib();
        hosts += sign;
        vcpus += (long) sign * table.vcpuCapacity(host);
        memoryMib += sign * capacityMib;
        heldVcpus += (long) sign * (table.vcpuCapacity(host) - table.freeVcpus(host));
        heldMemoryMib += sign * (capacityMib - table.freeMemoryMib(host));
        renew();
    }

    /**
     * What a VM holds is taken from a host, or given back.
     *
     * @param sign 1: taken, -1: given back
     */
    void held(Demand demand, int sign) {
        heldVcpus += (long) sign * demand.vcpus();
        heldMemoryMib += sign * demand.memoryMib();
    }

    MeanHost mean() {
        return mean;
    }

    /** What is left on a host counts so. */
    RoomCost room() {
        return switch (packing) {
            case PACK -> pack();
            case SPREAD -> spread;
        };
    }

    /** The same where few hosts are good. */
    PackCost pack() {
        // In doubles, as products of such sums may be more than a long; exact enough, and the same everywhere.
        double vcpuShare = (double) heldVcpus * memoryMib;
        double memoryShare = (double) heldMemoryMib * vcpus;
        if (vcpuShare * 100 > memoryShare * SCARCE_PERCENT) {
            return scarceVcpus;
        }
        return memoryShare * 100 > vcpuShare * SCARCE_PERCENT ? scarceMemory : even;
    }

    private void renew() {
        int count = Math.max(1, hosts);
        mean = MeanHost.of(vcpus / count, memoryMib / count);
        scarceVcpus = new PackCost(mean, PackCost.Scarce.VCPUS);
        scarceMemory = new PackCost(mean, PackCost.Scarce.MEMORY);
        even = new PackCost(mean, PackCost.Scarce.NEITHER);
        spread = new SpreadCost(mean);
    }
}
