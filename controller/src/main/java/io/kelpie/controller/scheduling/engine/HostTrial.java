package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Asks the rules about a host as if some of its instances were gone. Between {@link #open} and {@link #close} nobody
 * else may use the inventory; afterwards it answers exactly as before. Belongs to the inventory's thread.
 */
public final class HostTrial {
    private final Inventory inventory;
    private final HostTable hosts;
    private final Instances instances;
    private final Search search;
    private final Filter[] traitFilters;
    private final Filter[] hostFilters;
    private final Demand.TraitJudge judge = this::passesTraits;
    private @Nullable Ask asking; // by the judge
    private int host = HostTable.UNKNOWN;

    /**
     * @param search over the same inventory
     */
    public HostTrial(Inventory inventory, Search search) {
        this.inventory = inventory;
        this.search = search;
        hosts = inventory.hosts();
        instances = inventory.instances();
        traitFilters = of(Filter.Scope.TRAITS);
        hostFilters = of(Filter.Scope.HOST);
    }

    private static Filter[] of(Filter.Scope scope) {
        return Filters.ALL.stream().filter(filter -> filter.scope() == scope).toArray(Filter[]::new);
    }

    /** Whether a rule rejects a host whatever instances on it are ended. */
    public boolean isBarred(Ask ask, int candidate) {
        asking = ask;
        int traitClass = inventory.index().traitClass(candidate);
        if (!ask.demand().passes(traitClass, inventory.traitRevision(), candidate, judge)) {
            return true;
        }
        for (Filter filter : ask.concerning(hostFilters)) {
            if (filter.bars(hosts, candidate, ask)) {
                return true;
            }
        }
        return false;
    }

    private boolean passesTraits(int exemplar) {
        Ask ask = Objects.requireNonNull(asking);
        for (Filter filter : traitFilters) {
            if (filter.concerns(ask) && filter.distance(hosts, exemplar, ask) > 0) {
                return false;
            }
        }
        return true;
    }

    /** Begins with a host and all its instances. */
    public void open(int candidate) {
        if (host != HostTable.UNKNOWN) {
            throw new IllegalStateException("another trial is open");
        }
        host = candidate;
        inventory.reserve().suspend();
        inventory.index().leave(host);
    }

    /** From here on the instance counts as gone. What it keeps on disk stays. */
    public void setAside(int instance) {
        shift(instance, -1);
        instances.setAside(instance, true);
        inventory.reserve().setAside(instance);
    }

    /** From here on it counts as there again. */
    public void putBack(int instance) {
        shift(instance, 1);
        instances.setAside(instance, false);
        inventory.reserve().putBack(instance);
    }

    private void shift(int instance, int sign) {
        if (instances.host(instance) != host || instances.isSetAside(instance) != sign > 0) {
            throw new IllegalStateException("instance " + instance + " cannot be moved in this trial");
        }
        Ask ask = instances.ask(instance);
        boolean freesPools = instances.withPools(instance) && !ask.shape().keepsDisks();
        hosts.take(host, ask.demand(), sign, freesPools, instances.numaMask(instance));
        inventory.countMember(ask, host, sign);
    }

    /**
     * Whether every rule is satisfied, but for the counts of spread rules. What passes goes on passing when more is set
     * aside, unless the request has to be near it.
     */
    public boolean passesButSpread(Ask ask) {
        ask.undecideSpreads();
        return passesHostRules(ask);
    }

    /** Whether the spread rules are satisfied too; asked of a host that passes the others. */
    public boolean passesSpread(Ask ask) {
        if (ask.terms().spread().isEmpty()) {
            return true;
        }
        inventory.index().enter(host);
        boolean passes = search.best(ask) != HostTable.UNKNOWN && passesHostRules(ask);
        inventory.index().leave(host);
        return passes;
    }

    private boolean passesHostRules(Ask ask) {
        for (Filter filter : ask.concerning(hostFilters)) {
            if (filter.distance(hosts, host, ask) > 0) {
                return false;
            }
        }
        return inventory.reserve().yieldsTo(ask) || inventory.reserve().allows(host, ask);
    }

    /** The NUMA nodes that would carry the VM; empty if it is bound to none. Asked of a host that passes. */
    public List<Integer> numaNodes(Ask ask) {
        List<Integer> nodes = new ArrayList<>();
        for (int rest = NumaFit.choose(hosts, host, ask.demand(), inventory.reserve()); rest != 0; rest &= rest - 1) {
            nodes.add(Integer.numberOfTrailingZeros(rest));
        }
        return nodes;
    }

    /** Puts everything back. */
    public void close() {
        for (int i = instances.first(host); i != Instances.NONE; i = instances.next(i)) {
            if (instances.isSetAside(i)) {
                putBack(i);
            }
        }
        inventory.index().enter(host);
        inventory.reserve().resume();
        host = HostTable.UNKNOWN;
    }
}
