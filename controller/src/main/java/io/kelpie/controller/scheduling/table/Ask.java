package io.kelpie.controller.scheduling.table;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.List;

/** A request with its names resolved against a {@link HostTable}, so that filters only compare numbers. Immutable. */
public final class Ask {
    private final PlacementRequest request;
    private final Reservation reservation;
    private final int boundHost;
    private final int preferredHost;
    private final List<String> poolNames;
    private final int[] pools;
    private final long[] poolMib;

    public Ask(PlacementRequest request, HostTable hosts) {
        this.request = request;
        reservation = Reservation.of(request.shape());
        boundHost = request.boundToHost().map(hosts::hostIndex).orElse(HostTable.UNKNOWN);
        preferredHost = request.preferredHost().map(hosts::hostIndex).orElse(HostTable.UNKNOWN);
        poolNames = List.copyOf(reservation.poolMib().keySet());
        pools = new int[poolNames.size()];
        poolMib = new long[poolNames.size()];
        for (int i = 0; i < pools.length; i++) {
            String name = poolNames.get(i);
            pools[i] = hosts.poolIndex(name);
            poolMib[i] = reservation.poolMib().getOrDefault(name, 0L);
        }
    }

    public PlacementRequest request() {
        return request;
    }

    public VmShape shape() {
        return request.shape();
    }

    public Reservation reservation() {
        return reservation;
    }

    /** Whether the VM can run on one host only. */
    public boolean isBound() {
        return request.boundToHost().isPresent();
    }

    /** The host that holds its disks; {@link HostTable#UNKNOWN} if it is not bound or the host is not there. */
    public int boundHost() {
        return boundHost;
    }

    /** The host to take if it passes; {@link HostTable#UNKNOWN} if there is none. */
    public int preferredHost() {
        return preferredHost;
    }

    public int poolCount() {
        return pools.length;
    }

    public String poolName(int i) {
        return poolNames.get(i);
    }

    /** Index of the pool in the table; {@link HostTable#UNKNOWN} if no host has it. */
    public int pool(int i) {
        return pools[i];
    }

    public long poolMib(int i) {
        return poolMib[i];
    }
}
