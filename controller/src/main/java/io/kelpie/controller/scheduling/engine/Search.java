package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import io.kelpie.controller.scheduling.score.Scorer;
import io.kelpie.controller.scheduling.score.Scorers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the best host for a request: the one of least cost of all that pass every rule; of equal ones the one of
 * lowest rank. A request that may take room that is kept for the loss of a host does so only if no host has other
 * room. Where a rule leaves few hosts, those are looked at; else the cells of the {@link FitIndex}, the best first,
 * until no later one can hold a better host. Both give the same answer as a look at every host. Allocates nothing per
 * host. Belongs to one thread.
 */
public final class Search {
    private static final int ANY_LEVEL = -1;

    private final Inventory inventory;
    private final HostTable hosts;
    private final Filter[] traitFilters;
    private final Filter[] hostFilters;
    private final Filter[] active; // those of the host filters that concern the request
    private final Scorer[] scorers = Scorers.ALL.toArray(Scorer[]::new);
    private final Scorer[] weighing;
    private final ShortLists shortLists;
    private final BestFirstCells cells;
    private final LastBest last;
    private final Demand.TraitJudge judge = this::passesTraits;

    @SuppressWarnings("NullAway.Init") // set first thing by best
    private Ask ask;

    private RoomCost room;
    private int vcpus;
    private long memoryMib;
    private @Nullable JobAsk preparedJob;
    private int preparedAside;
    private int activeCount;
    private int weighingCount;
    private boolean growing;
    private boolean taking; // room that is kept, too
    private long lackingImages; // what a host costs more at least that lacks an image
    private int level = ANY_LEVEL;
    private int best;
    private long bestCost;

    public Search(Inventory inventory) {
        this.inventory = inventory;
        hosts = inventory.hosts();
        shortLists = new ShortLists(hosts);
        traitFilters = of(Filter.Scope.TRAITS);
        hostFilters = of(Filter.Scope.HOST);
        active = new Filter[hostFilters.length];
        weighing = new Scorer[scorers.length];
        room = inventory.room();
        cells = new BestFirstCells(inventory.index(), room);
        last = new LastBest(inventory);
    }

    private static Filter[] of(Filter.Scope scope) {
        return Filters.ALL.stream().filter(filter -> filter.scope() == scope).toArray(Filter[]::new);
    }

    /** Index of the best host, or {@link HostTable#UNKNOWN} if none passes. Changes no host and no instance. */
    public int best(Ask request) {
        inventory.reserve().settleFor(request);
        taking = false;
        prepare(request);
        int again = last.of(request, room);
        if (again != HostTable.UNKNOWN && classPasses(again) && passesHost(again)) {
            last.set(request, room, again);
            return again;
        }
        if (inventory.reserve().takesBack(request)) {
            ask.undecideSpreads();
            if (classPasses(ask.preferredHost()) && passesHost(ask.preferredHost())) {
                taking = true;
                return ask.preferredHost();
            }
            if (inventory.reserve().waits(request)) {
                return HostTable.UNKNOWN;
            }
        }
        int host = bestOfAllowed();
        if (host == HostTable.UNKNOWN && inventory.reserve().yieldsTo(request)) {
            taking = true;
            want(inventory.room(), 1);
            host = bestOfAllowed();
        }
        last.set(request, room, host);
        return host;
    }

    private int bestOfAllowed() {
        boolean leads = ask.terms().isGroup() && ask.terms().members().total() == 0;
        if (!leads || ask.jobSize() == 1) {
            return search();
        }
        int host = HostTable.UNKNOWN;
        if (ask.jobSize() > 1) {
            want(inventory.room(), ask.jobSize());
            host = search();
        }
        if (host == HostTable.UNKNOWN) {
            want(inventory.growing(ask.demand()), 1);
            growing = true;
            host = search();
        }
        return host;
    }

    /**
     * @param times how many VMs of this size the host must have room for
     */
    private void want(RoomCost cost, int times) {
        room = cost;
        vcpus = times * ask.demand().vcpus();
        memoryMib = times * ask.demand().memoryMib();
    }

    private int search() {
        ask.undecideSpreads();
        int spreads = ask.terms().spread().size();
        int found = spreads == 0 ? find() : HostTable.UNKNOWN;
        for (int i = 0; i < spreads; i++) {
            found = decideSpread(i, i == spreads - 1);
            if (found == HostTable.UNKNOWN) {
                return found;
            }
        }
        int preferred = ask.preferredHost();
        if (preferred != HostTable.UNKNOWN
                && preferred != found
                && hosts.exists(preferred)
                && passes(preferred)
                && mayTake(preferred)) {
            return preferred;
        }
        return found;
    }

    private boolean mayTake(int host) {
        return taking || inventory.reserve().allows(host, ask);
    }

    /** How good a host that passes is, 0 to 100; {@link #best} was asked about the same request just before. */
    public int points(int host) {
        return room.points(cost(host));
    }

    private long cost(int host) {
        return cost(host, rawRoomCost(host));
    }

    private long rawRoomCost(int host) {
        return room.cost( // a preferred host may lack the room for the rest of its group
                Math.max(0, vcpusLeft(host)), Math.max(0, memoryMibLeft(host)));
    }

    private int vcpusLeft(int host) {
        return (taking ? hosts.freeVcpus(host) : hosts.roomVcpus(host)) - vcpus;
    }

    private long memoryMibLeft(int host) {
        return (taking ? hosts.freeMemoryMib(host) : hosts.roomMemoryMib(host)) - memoryMib;
    }

    /**
     * What the room that is left costs on a host that passes, in units of {@link Scorer#POINT}; the lower, the better.
     * {@link #best} was asked about the same request just before.
     */
    public long roomCost(int host) {
        return growing ? wholeRoomCost(host) % GroupCost.STEP : wholeRoomCost(host);
    }

    /** The same for the VMs of its group that the host has no room for; 0 if the request is not the first of a group. */
    public long groupCost(int host) {
        return growing ? wholeRoomCost(host) / GroupCost.STEP * GroupCost.STEP : 0;
    }

    /** Whether {@link #groupCost} counts for the request that {@link #best} was asked about just before. */
    public boolean weighsGroup() {
        return growing;
    }

    private long wholeRoomCost(int host) {
        long cost = rawRoomCost(host);
        return growing && ask.demand().numaNodes() > 0 ? cost + GroupCost.STEP * missingCopies(host) : cost;
    }

    /**
     * Whether the host passes every rule for the request that {@link #best} was asked about just before. Meaningful
     * only if that found a host: else none passes.
     */
    public boolean passes(int host) {
        return classPasses(host)
                && passesHost(host)
                && (taking
                        || inventory.reserve().yieldsTo(ask)
                        || inventory.reserve().allows(host, ask));
    }

    /**
     * The hosts that pass, best first, at most so many; {@link #best} was asked about the same request just before and
     * found a host. Looks at every host.
     */
    public List<Integer> ranking(int most) {
        List<Integer> ranking = new ArrayList<>();
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)
                    && hosts.freeVcpus(host) >= vcpus
                    && hosts.freeMemoryMib(host) >= memoryMib
                    && passes(host)) {
                int at = ranking.size();
                while (at > 0 && isBetter(host, ranking.get(at - 1))) {
                    at--;
                }
                if (at < most) {
                    ranking.add(at, host);
                    if (ranking.size() > most) {
                        ranking.remove(most);
                    }
                }
            }
        }
        return ranking;
    }

    private boolean isBetter(int host, int other) {
        long difference = cost(host) - cost(other);
        return difference != 0
                ? difference < 0
                : inventory.index().rank(host) < inventory.index().rank(other);
    }

    private void prepare(Ask request) {
        ask = request;
        growing = false;
        want(inventory.room(), 1);
        int aside = aside(request);
        if (request.ofJob() != preparedJob || aside != preparedAside) {
            preparedJob = request.ofJob();
            preparedAside = aside;
            selectRules();
        }
    }

    /** What decides beside its job which rules concern a request: see {@link Filter#concerns}. */
    private int aside(Ask request) {
        return (request.isBound() ? 1 : 0)
                | (request.avoidedHosts().isEmpty() ? 0 : 2)
                | (request.startsInFlightMax() > 0 ? 4 : 0)
                | (inventory.reserve().holds(request) ? 8 : 0)
                | (inventory.hasReserves() ? 16 : 0)
                | request.repelledBy().size() << 5;
    }

    private void selectRules() {
        activeCount = 0;
        for (Filter filter : hostFilters) {
            if (filter.concerns(ask)) {
                active[activeCount++] = filter;
            }
        }
        weighingCount = 0;
        for (Scorer scorer : scorers) {
            if (scorer.concerns(ask, inventory)) {
                weighing[weighingCount++] = scorer;
            }
        }
    }

    /**
     * Finds the floor of a spread rule: the lowest count at which a domain has a host that passes everything else.
     * Returns the best host under the rules so far.
     */
    private int decideSpread(int i, boolean last) {
        JobTerms.Spread spread = ask.terms().spread().get(i);
        Census census = spread.census();
        for (int count = census.lowest(hosts, 0); count >= 0; count = census.lowest(hosts, count + 1)) {
            level = count;
            int found = find();
            level = ANY_LEVEL;
            if (found != HostTable.UNKNOWN) {
                ask.decideSpread(count);
                return last && spread.rule().maxSkew() > 1 ? find() : found;
            }
        }
        return HostTable.UNKNOWN;
    }

    private int find() {
        best = HostTable.UNKNOWN;
        bestCost = Long.MAX_VALUE;
        if (shortLists.collect(ask) || (level != ANY_LEVEL && shortLists.collectLevel(levelCensus(), level))) {
            considerAll(shortLists.list());
        } else if (taking) {
            for (int host = 0; host < hosts.limit(); host++) {
                if (hosts.exists(host)) {
                    consider(host);
                }
            }
        } else {
            walk();
        }
        return best;
    }

    private Census levelCensus() {
        return ask.terms().spread().get(ask.decidedSpreads()).census();
    }

    private void considerAll(IntList some) {
        for (int i = 0; i < some.size(); i++) {
            consider(some.get(i));
        }
    }

    private void consider(int host) {
        int vcpusLeft = vcpusLeft(host);
        long memoryMibLeft = memoryMibLeft(host);
        if (vcpusLeft < 0 || memoryMibLeft < 0 || !classPasses(host)) {
            return;
        }
        long cost = room.cost(vcpusLeft, memoryMibLeft);
        if (canWin(host, cost)) {
            offer(host, cost);
        }
    }

    private void walk() {
        long away = 0;
        if (shortLists.collectPreferred(ask)) {
            considerAll(shortLists.list());
            away = leastAway();
        }
        int own = ask.terms().members().groupHost();
        if (own != HostTable.UNKNOWN) {
            consider(own); // held for others, but not for this one
        }
        boolean few =
                ask.demand().wanted() != 0; // hosts that will do: to look for those with its images first does not pay
        long without = leastWithoutImages();
        lackingImages = few ? without : 0;
        if (without > 0 && !few) {
            walkAll(ask.demand().imageOffers(), away);
            away += without;
        }
        walkAll(0, away);
    }

    /**
     * Looks at the hosts that offer this.
     *
     * @param extra what each of them costs at least beside its room
     */
    private void walkAll(long offered, long extra) {
        if (!ask.demand().wantsDevices()) {
            walk(offered | Offers.PLAIN, extra + least(false, false));
        }
        walk(offered | Offers.FREE_DEVICES, extra + least(true, false));
        if (inventory.holdsForGroups()) {
            if (!ask.demand().wantsDevices()) {
                walk(offered | Offers.HELD, extra + least(false, true));
            }
            walk(offered | Offers.FREE_DEVICES_AND_HELD, extra + least(true, true));
        }
    }

    /** What a host that is held back so costs at least beside its room. */
    private long least(boolean freeDevices, boolean held) {
        long least = 0;
        for (int i = 0; i < weighingCount; i++) {
            least += weighing[i].least(ask, freeDevices, held);
        }
        return least;
    }

    /** What a host costs at least that lacks an image; 0 if none is asked for. */
    private long leastWithoutImages() {
        long least = 0;
        for (int i = 0; i < weighingCount; i++) {
            least += weighing[i].leastWithoutImages(ask, inventory.policy());
        }
        return least;
    }

    /** What a host costs at least that is not near to any job that the VM prefers to be near to. */
    private long leastAway() {
        long least = 0;
        for (int i = 0; i < weighingCount; i++) {
            least += weighing[i].leastAway(ask, inventory.policy());
        }
        return least;
    }

    private void walk(long offered, long extra) {
        if (extra > bestCost) {
            return;
        }
        Demand demand = ask.demand();
        long wanted = demand.wanted() | offered;
        cells.begin(
                room, vcpus, memoryMib, demand.classes(inventory.traitRevision(), inventory.traitClasses()), wanted);
        while (cells.next(bestCost - extra)) {
            walk(inventory.index(), cells.cell(), wanted, extra);
        }
    }

    private void walk(FitIndex index, int cell, long wanted, long extra) {
        long vcpusLeast = cells.vcpusLeast();
        boolean sorted = !room.moreIsBetter();
        long images = ask.demand().imageOffers();
        FitCell members = index.at(cell);
        int at = index.placeFrom(cell, memoryMib);
        for (at = members.nextOffering(at, wanted); at < members.size(); at = members.nextOffering(at, wanted)) {
            int vcpusLeft = FitIndex.vcpus(members.amounts(at)) - vcpus;
            long memoryMibLeft = FitIndex.memoryMib(members.amounts(at)) - memoryMib;
            if (sorted && room.cost(vcpusLeast, memoryMibLeft) + extra > bestCost) {
                return; // the later ones of the cell have as much memory or more
            }
            int host = members.host(at);
            if (vcpusLeft < 0 || !classPasses(members.traitClass(at), host)) {
                at = members.endOfRun(at);
                continue;
            }
            long cost = room.cost(vcpusLeft, memoryMibLeft);
            long more = (members.offers(at) & images) == images ? extra : extra + lackingImages;
            if (!canWin(host, cost + more)) {
                at = members.endOfRun(at); // the others of the run cost as much at least and have a higher rank
            } else {
                offer(host, cost);
                at++;
            }
        }
    }

    /** Whether a host of this cost, or more, can be better than the best so far. */
    private boolean canWin(int host, long cost) {
        return cost < bestCost
                || (cost == bestCost
                        && inventory.index().rank(host) < inventory.index().rank(best));
    }

    /** Takes a host with room for the best if it is better and passes. */
    private void offer(int host, long roomCost) {
        long cost = cost(host, roomCost);
        if (canWin(host, cost)
                && passesHost(host)
                && (taking || inventory.reserve().allows(host, ask))) {
            best = host;
            bestCost = cost;
        }
    }

    private long cost(int host, long roomCost) {
        long cost = roomCost;
        if (growing && ask.demand().numaNodes() > 0) {
            cost += GroupCost.STEP * missingCopies(host);
        }
        for (int i = 0; i < weighingCount; i++) {
            cost += weighing[i].cost(inventory, host, ask);
        }
        return cost;
    }

    /** By how many VMs the room for a group is less than its vCPUs and memory as a whole suggest. */
    private long missingCopies(int host) {
        long whole = Math.min(
                hosts.freeVcpus(host) / Math.max(1, ask.demand().vcpus()),
                hosts.freeMemoryMib(host) / Math.max(1, ask.demand().memoryMib()));
        return Math.max(0, whole - NumaFit.copies(hosts, host, ask.demand()));
    }

    private boolean passesHost(int host) {
        if (level != ANY_LEVEL) {
            Census census = levelCensus();
            int domain = census.domainOf(host);
            if (domain == Domains.NONE || census.count(domain) != level) {
                return false;
            }
        }
        for (int i = 0; i < activeCount; i++) {
            if (active[i].distance(hosts, host, ask) > 0) {
                return false;
            }
        }
        return true;
    }

    private boolean classPasses(int host) {
        return classPasses(inventory.index().traitClass(host), host);
    }

    private boolean classPasses(int traitClass, int exemplarHost) {
        return ask.demand().passes(traitClass, inventory.traitRevision(), exemplarHost, judge);
    }

    private boolean passesTraits(int exemplarHost) {
        for (Filter filter : traitFilters) {
            if (filter.concerns(ask) && filter.distance(hosts, exemplarHost, ask) > 0) {
                return false;
            }
        }
        return true;
    }
}
