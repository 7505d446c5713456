package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.failover.Backups;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * The hosts and instances of a cluster with the indexes that placement needs, kept up to date by small changes. What
 * it answers is a function of what is in it and of the seed, never of the order in which it came. Belongs to one
 * thread.
 */
public final class Inventory {
    /** Stands for no instance. */
    public static final int NO_INSTANCE = Instances.NONE;

    private static final long JUST_NOW = Long.MAX_VALUE;

    private final SchedulingPolicy policy;
    private final long seed;
    private final HostTable hosts;
    private final TraitClasses traits = new TraitClasses();
    private final FitIndex index;
    private final Instances instances = new Instances();
    private final GroupRoom groups = new GroupRoom();
    private final Jobs jobs;
    private final Resolver resolver;
    private int traitRevision;
    private final Balance balance;
    private final Reserve reserve;

    /**
     * @param sizing what a VM of a shape holds of its host
     */
    public Inventory(SchedulingPolicy policy, long seed, Function<VmShape, Reservation> sizing) {
        this.policy = policy;
        this.seed = seed;
        hosts = new HostTable(policy.vcpuOvercommitPercent());
        index = new FitIndex(hosts, groups);
        jobs = new Jobs(hosts, instances);
        balance = new Balance(policy.packing());
        reserve = switch (policy.nPlusOne()) {
            case OFF -> Reserve.NONE;
            case WARN, ENFORCE -> new Backups(this);
        };
        resolver = new Resolver(hosts, jobs, sizing, this::useLabel, policy.startsInFlightMax(), reserve);
    }

    public SchedulingPolicy policy() {
        return policy;
    }

    public HostTable hosts() {
        return hosts;
    }

    /** The hosts by what they have left. */
    public FitIndex index() {
        return index;
    }

    /** What is kept for the loss of a host. */
    public Reserve reserve() {
        return reserve;
    }

    /** So much of a host is kept for the loss of another. */
    public void keep(int host, int vcpus, long memoryMib) {
        if (hosts.keeps(host, vcpus, memoryMib)) {
            return;
        }
        boolean indexed = index.has(host);
        if (indexed) {
            index.leave(host);
        }
        hosts.keep(host, vcpus, memoryMib);
        if (indexed) {
            index.enter(host);
        }
    }

    /** The amounts as a part of the mean host, a million for all its vCPUs and as much for all its memory. */
    public long share(long vcpus, long memoryMib) {
        return balance.mean().vcpuShare(vcpus) + balance.mean().memoryShare(memoryMib);
    }

    /** Changes when the classes of hosts by traits are made anew. */
    public int traitRevision() {
        return traitRevision;
    }

    /** What is left on a host counts so. */
    RoomCost room() {
        return balance.room();
    }

    /** The same for the first VM of a group whose size is not known. */
    RoomCost growing(Demand demand) {
        return new GroupCost(demand.vcpus(), demand.memoryMib(), balance.pack());
    }

    /** How many classes of hosts by traits there are; their numbers are below. */
    int traitClasses() {
        return traits.count();
    }

    /** Whether {@link #isHeldForGroup} can make a difference at all. */
    boolean holdsForGroups() {
        return groups.isAny();
    }

    /** Whether {@link #isHeldForGroup} or free devices can make a difference at all. */
    public boolean hasReserves() {
        return groups.isAny() || hosts.hasDevices();
    }

    /** Whether a group is on the host that has to stay together and may grow, and the request is not of it. */
    public boolean isHeldForGroup(int host, Ask ask) {
        return groups.isHeld(host) && ask.terms().members().groupHost() != host;
    }

    /** All instances, to read. */
    public Instances instances() {
        return instances;
    }

    /** Decides between hosts that are equal otherwise: the lower wins. A function of the seed and the host's id. */
    public long hostRank(int host) {
        return index.rank(host);
    }

    /** Decides between VMs that are equal otherwise. A function of the seed and the VM's id. */
    public long vmRank(UUID vmId) {
        return mix(mix(seed ^ vmId.getMostSignificantBits()) ^ vmId.getLeastSignificantBits());
    }

    // ---- hosts

    /**
     * Puts a host, new or changed. What it holds is as its view says, whatever was placed there before; a place that is
     * kept there stays kept beside.
     */
    public int put(HostView view) {
        int known = hosts.hostIndex(view.id());
        if (known != HostTable.UNKNOWN) {
            withdraw(known);
        }
        boolean traitsChanged =
                known == HostTable.UNKNOWN || !hosts.view(known).traits().equals(view.traits());
        int host = hosts.put(view);
        if (instances.hasClaims()) {
            takeClaims(host);
        }
        balance.host(hosts, host, 1);
        index.setTraits(host, traits.of(view.traits()), rank(view.id()), view.images());
        index.enter(host);
        boolean moved = jobs.put(host, view);
        if (moved && instances.first(host) != Instances.NONE) {
            jobs.recount();
        }
        reserve.changed(host, traitsChanged, moved && known != HostTable.UNKNOWN);
        return host;
    }

    private void takeClaims(int host) {
        for (int i = instances.first(host); i != Instances.NONE; i = instances.next(i)) {
            if (instances.isClaim(i)) {
                hosts.take(host, instances.ask(i).demand(), 1, instances.withPools(i), instances.numaMask(i));
            }
        }
    }

    /** Forgets a host that no instance is on. */
    public void remove(String hostId) {
        int host = hosts.hostIndex(hostId);
        if (host == HostTable.UNKNOWN) {
            return;
        }
        if (instances.first(host) != Instances.NONE) {
            throw new IllegalStateException("host " + hostId + " has instances");
        }
        reserve.removing(host);
        withdraw(host);
        jobs.remove(host);
        hosts.remove(host);
    }

    private void withdraw(int host) {
        index.leave(host);
        balance.host(hosts, host, -1);
    }

    private long rank(String id) {
        long hash = seed;
        for (int i = 0; i < id.length(); i++) {
            hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
        }
        return mix(hash);
    }

    /** The finalizer of SplitMix64: hosts with similar ids get unlike numbers. */
    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    // ---- instances

    /** The same as {@link #place(Ask, int, long)}, just now: it counts as younger than any other. */
    public int place(Ask ask, int host) {
        return place(ask, host, JUST_NOW);
    }

    /**
     * Places a VM on a host that passes every rule for it. Returns the number of the instance.
     *
     * @param sinceMillis the time, in milliseconds since 1970
     */
    public int place(Ask ask, int host, long sinceMillis) {
        hosts.addStartsInFlight(host, 1);
        int instance = take(ask, host, NumaFit.choose(hosts, host, ask.demand(), reserve), sinceMillis);
        instances.setStarting(instance, true);
        return instance;
    }

    /**
     * Keeps a place for a VM on a host where others are on their way out: it counts as if it were there, so that what
     * they leave goes to no one else. {@link #release} ends it. Returns the number of the claim.
     *
     * @param numaNodes the host's NUMA nodes that will carry it; empty: it is bound to none
     */
    public int claim(Ask ask, int host, List<Integer> numaNodes) {
        int claim = take(ask, host, mask(numaNodes), JUST_NOW);
        instances.makeClaim(claim);
        return claim;
    }

    private int take(Ask ask, int host, int numaMask, long sinceMillis) {
        boolean withPools = host != ask.boundHost();
        index.leave(host);
        hosts.take(host, ask.demand(), 1, withPools, numaMask);
        balance.held(ask.demand(), 1);
        index.enter(host);
        countMember(ask, host, 1);
        holdForGroup(ask);
        int instance = instances.add(host, ask, withPools, numaMask, sinceMillis);
        reserve.entered(instance, true);
        return instance;
    }

    /**
     * Counts an instance whose room is part of what its host's view says is held. Returns its number, or
     * {@link HostTable#UNKNOWN} if its host is not there.
     */
    public int count(InstanceView instance) {
        int host = hosts.hostIndex(instance.hostId());
        return host == HostTable.UNKNOWN ? HostTable.UNKNOWN : count(instance, host);
    }

    /**
     * Counts an instance and takes its room on its host, which has to be there: for one whose room is not part of what
     * its host's view says is held, such as one that was released. Returns its number.
     */
    public int add(InstanceView instance) {
        int host = hosts.hostIndex(instance.hostId());
        index.leave(host);
        Demand demand = resolver.ask(instance).demand();
        hosts.take(host, demand, 1, true, mask(instance.held().numaNodes()));
        balance.held(demand, 1);
        index.enter(host);
        return count(instance, host);
    }

    private int count(InstanceView instance, int host) {
        Ask ask = resolver.ask(instance);
        countMember(ask, host, 1);
        holdForGroup(ask);
        int number = instances.add(host, ask, true, mask(instance.held().numaNodes()), instance.sinceMillis());
        reserve.entered(number, false);
        return number;
    }

    private static int mask(List<Integer> numaNodes) {
        int mask = 0;
        for (int node : numaNodes) {
            mask |= node < HostTable.NUMA_NODES_MAX ? 1 << node : 0;
        }
        return mask;
    }

    /** Takes an instance out of the count whose room its host's view tells, as {@link #count} put it in. */
    public void uncount(int instance) {
        reserve.leaving(instance);
        discount(instance);
    }

    /** An instance is gone. What is known of it alone is not looked at: it is most likely in no cache any more. */
    private void discount(int instance) {
        jobs.count(instances.ofJob(instance).terms(), instances.ordinal(instance), instances.host(instance), -1);
        if (instances.isOfGroup(instance)) {
            holdForGroup(instances.ask(instance));
        }
        instances.remove(instance);
        reserve.left();
    }

    /** The instance runs: it is no start in flight any more. */
    public void started(int instance) {
        if (instances.isStarting(instance)) {
            instances.setStarting(instance, false);
            hosts.addStartsInFlight(instances.host(instance), -1);
            index.changed(instances.host(instance));
        }
    }

    /**
     * The instance is on its way out: what it holds will be free without anyone's doing. Not for one that is to start
     * again in the same place.
     */
    public void leaves(int instance) {
        instances.setLeaving(instance, true);
    }

    /** The instance is not on its way out any more: whoever wanted it to end could not see to it. */
    public void stays(int instance) {
        instances.setLeaving(instance, false);
    }

    /**
     * Whether the instance must not be ended to make room, whatever its priority; it may, as long as this is not said.
     */
    public void keepRunning(int instance, boolean value) {
        instances.setKept(instance, value);
    }

    /** The instance is being ended to make room: it leaves, and its job's budget is one less. */
    public void end(int instance) {
        JobMembers members = instances.ask(instance).terms().members();
        if (members.endable() != Integer.MAX_VALUE) {
            jobs.allow(members, members.endable() - 1);
        }
        leaves(instance);
    }

    /** How many VMs of a job may be ended, from now on; without this any number may. */
    public void allow(JobBudget budget) {
        jobs.allow(jobs.members(budget.job()), budget.endable());
    }

    /** The instance is gone and holds nothing. */
    public void release(int instance) {
        started(instance);
        reserve.leaving(instance);
        int host = instances.host(instance);
        Demand demand = instances.ofJob(instance).demand();
        index.leave(host);
        hosts.take(host, demand, -1, instances.withPools(instance), instances.numaMask(instance));
        balance.held(demand, -1);
        index.enter(host);
        discount(instance);
    }

    /**
     * Counts a VM among those of its job as if it were on the host, or no longer; it gets no room there.
     *
     * @param amount 1, or -1 to take it back
     */
    public void suppose(Ask ask, int host, int amount) {
        countMember(ask, host, amount);
    }

    /** A VM comes to a host or leaves it: all who count it are told. */
    void countMember(Ask ask, int host, int amount) {
        jobs.count(ask.terms(), ask.ordinal(), host, amount);
    }

    /** A group that has to stay on one host holds what is left there, as long as it may grow. */
    private void holdForGroup(Ask ask) {
        if (!ask.terms().isGroup()) {
            return;
        }
        JobMembers members = ask.terms().members();
        boolean growing = members.total() > 0 && (ask.jobSize() == 0 || members.total() < ask.jobSize());
        int before = members.groupHost();
        int now = growing ? members.anyHost(index) : HostTable.UNKNOWN;
        if (before == now) {
            return;
        }
        hold(before, -1);
        hold(now, 1);
        members.groupHost(now);
    }

    private void hold(int host, int amount) {
        if (host == HostTable.UNKNOWN) {
            return;
        }
        boolean indexed = index.has(host);
        if (indexed) {
            index.leave(host);
        }
        groups.hold(host, amount);
        if (indexed) {
            index.enter(host);
        }
    }

    /** NUMA nodes of its host that the instance is bound to. */
    public List<Integer> numaNodes(int instance) {
        List<Integer> nodes = new ArrayList<>();
        for (int rest = instances.numaMask(instance); rest != 0; rest &= rest - 1) {
            nodes.add(Integer.numberOfTrailingZeros(rest));
        }
        return nodes;
    }

    /** The same, a bit each. */
    public int numaMask(int instance) {
        return instances.numaMask(instance);
    }

    public int hostOf(int instance) {
        return instances.host(instance);
    }

    /** What the instance was placed for. */
    public Ask askOf(int instance) {
        return instances.ask(instance);
    }

    /** An instance on the host, or {@link #NO_INSTANCE}; the others follow by {@link #nextOn}. */
    public int firstOn(int host) {
        return instances.first(host);
    }

    /** Another instance on the same host, or {@link #NO_INSTANCE}. */
    public int nextOn(int instance) {
        return instances.next(instance);
    }

    /**
     * Ids of hosts that may keep less room for the loss of another than when this was asked last: to those who wait for
     * room it is as if these hosts had changed.
     */
    public List<String> takeEased() {
        return reserve.takeEased().stream()
                .filter(hosts::exists)
                .map(host -> hosts.view(host).id())
                .toList();
    }

    /** The host where an instance is started if its own is lost; {@link HostTable#UNKNOWN} if there is none. */
    public int backupOf(int instance) {
        return reserve.backupOf(instance);
    }

    // ---- requests

    /** A request with its names resolved. */
    public Ask ask(PlacementRequest request) {
        return resolver.ask(request);
    }

    /** A job's rules about other VMs. */
    public JobTerms terms(JobKey job, PlacementRules rules) {
        return jobs.terms(jobs.members(job), rules);
    }

    /** Jobs that are known; of those that nothing refers to any more some may be among them. */
    int knownJobs() {
        return jobs.count();
    }

    private void useLabel(String label) {
        if (!traits.use(label)) {
            return;
        }
        traitRevision++;
        List<Integer> all = new ArrayList<>();
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                index.leave(host);
                all.add(host);
            }
        }
        for (int host : all) {
            HostView view = hosts.view(host);
            index.setTraits(host, traits.of(view.traits()), index.rank(host), view.images());
            index.enter(host);
        }
    }
}
