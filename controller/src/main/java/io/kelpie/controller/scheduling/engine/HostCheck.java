package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;

/**
 * Checks single hosts for one request, again and again while the cluster changes: whether a host passes every rule as
 * things are at that moment. {@link Search#best} finds a host exactly if one passes here: a spread rule keeps no VM
 * from all hosts, as the domain with the fewest is always open. Where room is kept for the loss of a host it is asked
 * last, and costs as much as a search for a backup. Allocates nothing else, unless a name of the request has got
 * a meaning since the last check. Belongs to the inventory's thread.
 */
public final class HostCheck {
    private static final Filter[] TRAIT_FILTERS = of(Filter.Scope.TRAITS);
    private static final Filter[] HOST_FILTERS = of(Filter.Scope.HOST);

    private final Inventory inventory;
    private final HostTable hosts;
    private final PlacementRequest request;
    private final Demand.TraitJudge judge = this::passesTraits;
    private Ask ask;

    public HostCheck(Inventory inventory, PlacementRequest request) {
        this.inventory = inventory;
        this.request = request;
        hosts = inventory.hosts();
        ask = inventory.ask(request);
    }

    private static Filter[] of(Filter.Scope scope) {
        return Filters.ALL.stream().filter(filter -> filter.scope() == scope).toArray(Filter[]::new);
    }

    public int vcpus() {
        return ask.demand().vcpus();
    }

    /** Ordinary memory including QEMU's own, in MiB. */
    public long memoryMib() {
        return ask.demand().memoryMib();
    }

    /** Whether the host passes every rule; false if it is not there. */
    public boolean passes(String hostId) {
        int host = hosts.hostIndex(hostId);
        if (host == HostTable.UNKNOWN) {
            return false;
        }
        if (isStale()) {
            ask = inventory.ask(request);
        }
        int traitClass = inventory.index().traitClass(host);
        if (!ask.demand().passes(traitClass, inventory.traitRevision(), host, judge)) {
            return false;
        }
        for (Filter filter : ask.concerning(HOST_FILTERS)) {
            if (filter.distance(hosts, host, ask) > 0) {
                return false;
            }
        }
        return hasRoomBesideKept(host);
    }

    private boolean hasRoomBesideKept(int host) {
        Reserve reserve = inventory.reserve();
        if (!reserve.holds(ask)) {
            return true;
        }
        reserve.settleFor(ask);
        return reserve.allows(host, ask);
    }

    /** Hosts get other indexes when they leave and come back, and pools and devices get theirs with their first host. */
    private boolean isStale() {
        return ask.demand().isStale(hosts)
                || (ask.isBound() && hosts.hostIndex(ask.boundToHost().orElseThrow()) != ask.boundHost())
                || (request.preferredHost().isPresent()
                        && hosts.hostIndex(request.preferredHost().get()) != ask.preferredHost());
    }

    private boolean passesTraits(int exemplarHost) {
        for (Filter filter : TRAIT_FILTERS) {
            if (filter.concerns(ask) && filter.distance(hosts, exemplarHost, ask) > 0) {
                return false;
            }
        }
        return true;
    }
}
