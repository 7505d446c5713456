package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.FitIndex;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.IntCounts;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobTerms.Affinity;
import io.kelpie.controller.scheduling.engine.Levels;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import org.jspecify.annotations.Nullable;

/**
 * Finds the backup of a VM: of the hosts that could start it together with the others of its host that have their
 * backup there, the one that has to keep least more than it does already; of those the one that is left with the least;
 * then the one of lowest rank. Hosts that keep something are looked at one by one, they are few; of the others the
 * {@link FitIndex} shows the tightest. Changes nothing. Belongs to one thread.
 */
final class BackupSearch {
    private static final int NONE = Loads.NONE;
    /** So many hosts are looked at one by one rather than by the index. */
    private static final int FEW = 64;

    private final Inventory inventory;
    private final HostTable hosts;
    private final FitIndex index;
    private final Loads loads;
    private final Growth growth;
    private final LossRules rules;
    private final Size size;
    private final Filter[] traitFilters;
    private final Demand.TraitJudge judge = this::passesTraits;
    private final IntList candidates = new IntList();
    private int[] pairOf = new int[0]; // by host; 0: none, else the pair plus 1
    private long examined;

    private @Nullable Ask ask;
    private int lost;
    private int avoided;
    private int excessMost;
    private int best;
    private int bestMask;
    private int bestExcess;
    private long bestGrowth;
    private long bestLeft;

    BackupSearch(Inventory inventory, Dimensions dimensions, Loads loads, LossRules rules) {
        this.inventory = inventory;
        hosts = inventory.hosts();
        index = inventory.index();
        this.loads = loads;
        growth = new Growth(inventory, dimensions, loads);
        this.rules = rules;
        size = new Size(dimensions);
        traitFilters = Filters.ALL.stream()
                .filter(filter -> filter.scope() == Filter.Scope.TRAITS)
                .toArray(Filter[]::new);
    }

    /** The NUMA nodes of the host found last, a bit each; 0 if the VM is bound to none. */
    int numaMask() {
        return bestMask;
    }

    /** Hosts looked at so far, by all searches. */
    long examined() {
        return examined;
    }

    /**
     * The backup for a VM, or {@link HostTable#UNKNOWN} if there is none.
     *
     * @param instance the VM's instance; {@link Inventory#NO_INSTANCE} if it has none yet
     * @param lostHost its host
     * @param avoidedHost a host that is not to be it, or {@link HostTable#UNKNOWN}
     */
    int find(Ask request, int instance, int lostHost, int avoidedHost) {
        begin(request, instance, lostHost, avoidedHost);
        if (size.isPossible()) {
            excessMost = 0;
            search();
            if (best == HostTable.UNKNOWN && !ask().terms().spread().isEmpty()) {
                excessMost = Integer.MAX_VALUE;
                searchAll();
            }
        }
        end();
        return best;
    }

    /** Whether this one host could be the backup; then {@link #numaMask} is about it. */
    boolean isBackup(Ask request, int instance, int lostHost, int host) {
        begin(request, instance, lostHost, HostTable.UNKNOWN);
        if (size.isPossible() && hosts.exists(host)) {
            excessMost = Integer.MAX_VALUE;
            consider(host);
        }
        end();
        return best != HostTable.UNKNOWN;
    }

    /** Whether the host's traits let the VM start there. */
    boolean passesTraits(Ask request, int host) {
        ask = request;
        return classPasses(host);
    }

    /** The host that could carry so much more of a lost host with the least growth, its NUMA nodes not looked at. */
    int findForAll(Ask request, Size whole, int lostHost, int avoidedHost) {
        ask = request;
        lost = lostHost;
        best = HostTable.UNKNOWN;
        bestGrowth = Long.MAX_VALUE;
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host) && host != lostHost && host != avoidedHost && classPasses(host)) {
                examined++;
                long grows = growth.of(host, loads.pair(lostHost, host), whole);
                if (grows >= 0
                        && (grows < bestGrowth || (grows == bestGrowth && index.rank(host) < index.rank(best)))) {
                    best = host;
                    bestGrowth = grows;
                }
            }
        }
        return best;
    }

    private void begin(Ask request, int instance, int lostHost, int avoidedHost) {
        ask = request;
        lost = lostHost;
        avoided = avoidedHost;
        size.of(ask().demand(), 0);
        rules.begin(request, instance, lostHost);
        best = HostTable.UNKNOWN;
        bestMask = 0;
        bestExcess = Integer.MAX_VALUE;
        bestGrowth = Long.MAX_VALUE;
        bestLeft = Long.MAX_VALUE;
        if (pairOf.length < hosts.limit()) {
            pairOf = new int[hosts.limit() * 2];
        }
        for (int pair = loads.firstOfLost(lost); pair != NONE; pair = loads.nextOfLost(pair)) {
            pairOf[loads.backup(pair)] = pair + 1;
        }
    }

    private void end() {
        for (int pair = loads.firstOfLost(lost); pair != NONE; pair = loads.nextOfLost(pair)) {
            pairOf[loads.backup(pair)] = 0;
        }
    }

    private void search() {
        if (searchNearby()) {
            return;
        }
        if (ask().demand().deviceCount() > 0) {
            considerAll(hosts.hostsWithDevices(ask().demand().device(0)));
            return;
        }
        if (rules.collectEven(candidates, FEW)) {
            considerAll(candidates);
            return;
        }
        for (int i = 0; i < loads.keeperCount(); i++) {
            consider(loads.keeper(i));
        }
        walk();
    }

    private void searchAll() {
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                consider(host);
            }
        }
    }

    /** Looks where VMs are that this one must be near to; false if it need not be near to any, or none would stay. */
    private boolean searchNearby() {
        for (int i = 0; i < ask().terms().affinity().size(); i++) {
            Affinity rule = ask().terms().affinity().get(i);
            if (rule.required() && rule.of().total() > rule.of().byHost().get(lost)) {
                considerOccupied(rule.census());
                return true;
            }
        }
        return false;
    }

    private void considerOccupied(Census census) {
        Domains domains = census.domains();
        if (domains == null) {
            IntCounts byHost = census.byHost();
            for (int slot = 0; slot < byHost.slots(); slot++) {
                if (byHost.keyAt(slot) >= 0) {
                    consider(byHost.keyAt(slot));
                }
            }
            return;
        }
        for (int domain = 0; domain < domains.count(); domain++) {
            if (census.count(domain) > 0) {
                considerAll(domains.hosts(domain));
            }
        }
    }

    private void considerAll(IntList some) {
        for (int i = 0; i < some.size(); i++) {
            consider(some.get(i));
        }
    }

    /** Goes through the hosts that keep nothing, those that would be left with the least first. */
    private void walk() {
        Demand demand = ask().demand();
        long grows = growth.ofFresh(demand);
        if (bestGrowth < grows) {
            return;
        }
        int firstColumn = FitIndex.memoryLevel(demand.memoryMib());
        for (int row = FitIndex.vcpuLevel(demand.vcpus()); row < FitIndex.VCPU_LEVELS; row++) {
            if (index.byVcpus().isEmpty(row)) {
                continue;
            }
            long vcpusLeast = Math.max(0, Levels.floor(row) - demand.vcpus());
            if (inventory.share(vcpusLeast, 0) > limit(grows)) {
                return;
            }
            int column = index.byVcpus().otherFrom(row, firstColumn);
            while (column != FitIndex.NOWHERE) {
                long least = Math.max(0, (Levels.floor(column) << FitIndex.MEMORY_SHIFT) - demand.memoryMib());
                if (inventory.share(vcpusLeast, least) > limit(grows)) {
                    break;
                }
                walkCell(row * FitIndex.MEMORY_LEVELS + column, vcpusLeast, grows);
                column = column + 1 < FitIndex.MEMORY_LEVELS
                        ? index.byVcpus().otherFrom(row, column + 1)
                        : FitIndex.NOWHERE;
            }
        }
    }

    /** A host that is left with more cannot win. */
    private long limit(long grows) {
        return bestGrowth == grows ? bestLeft : Long.MAX_VALUE;
    }

    private void walkCell(int cell, long vcpusLeast, long grows) {
        Demand demand = ask().demand();
        int at = index.placeFrom(cell, demand.memoryMib());
        while (at < index.size(cell)) {
            int host = index.host(cell, at);
            long memoryMibLeft = hosts.roomMemoryMib(host) - demand.memoryMib();
            if (inventory.share(vcpusLeast, memoryMibLeft) > limit(grows)) {
                return;
            }
            int vcpusLeft = hosts.roomVcpus(host) - demand.vcpus();
            if (vcpusLeft < 0 || !classPasses(host)) {
                at = index.endOfRun(cell, at);
                continue;
            }
            long left = inventory.share(vcpusLeft, memoryMibLeft);
            if (left > limit(grows) || (left == limit(grows) && index.rank(host) > index.rank(best))) {
                at = index.endOfRun(cell, at); // the others of the run are left with as much and have a higher rank
                continue;
            }
            if (!loads.isKeeper(host)) {
                consider(host);
            }
            at++;
        }
    }

    private void consider(int host) {
        if (host == lost || host == avoided || !hosts.exists(host)) {
            return;
        }
        examined++;
        Demand demand = ask().demand();
        int pair = pairOf[host] - 1;
        long grows = growth.of(host, pair, size);
        if (grows < 0 || !classPasses(host)) {
            return;
        }
        int numaMask = 0;
        if (demand.numaNodes() > 0) {
            numaMask = growth.chooseNumaNodes(host, pair, demand);
            if (numaMask == 0) {
                return;
            }
            grows += growth.ofNumaNodes(host, pair, demand, numaMask);
        }
        long left = growth.left(host, pair, demand, grows);
        if (bestExcess == 0 && !isBetter(0, grows, left, host)) {
            return;
        }
        if (!rules.pass(host) || isAvoidedBy(host)) {
            return;
        }
        int excess = rules.excess(host);
        if (excess <= excessMost && isBetter(excess, grows, left, host)) {
            best = host;
            bestMask = numaMask;
            bestExcess = excess;
            bestGrowth = grows;
            bestLeft = left;
        }
    }

    private boolean isAvoidedBy(int host) {
        return !ask().avoidedHosts().isEmpty()
                && ask().avoidedHosts().contains(hosts.view(host).id());
    }

    private boolean isBetter(int excess, long grows, long left, int host) {
        if (best == HostTable.UNKNOWN || excess != bestExcess) {
            return best == HostTable.UNKNOWN || excess < bestExcess;
        }
        if (grows != bestGrowth) {
            return grows < bestGrowth;
        }
        return left != bestLeft ? left < bestLeft : index.rank(host) < index.rank(best);
    }

    private boolean classPasses(int host) {
        return ask().demand().passes(index.traitClass(host), inventory.traitRevision(), host, judge);
    }

    private boolean passesTraits(int exemplarHost) {
        for (Filter filter : traitFilters) {
            if (filter.concerns(ask()) && filter.distance(hosts, exemplarHost, ask()) > 0) {
                return false;
            }
        }
        return true;
    }

    private Ask ask() {
        if (ask == null) {
            throw new IllegalStateException("nothing was asked yet");
        }
        return ask;
    }
}
