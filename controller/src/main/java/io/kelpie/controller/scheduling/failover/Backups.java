package io.kelpie.controller.scheduling.failover;

import static java.util.Objects.requireNonNull;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobMembers;
import io.kelpie.controller.scheduling.engine.Reserve;
import io.kelpie.controller.scheduling.engine.Shortage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The backups of an inventory's VMs. What holds after {@link #settle}: a host has free, in each amount, what the VMs of
 * any one other host that have their backup there need together; and each of them satisfies there the rules that it
 * would be placed by, with the VMs of its host gone. So when any one host is lost, its VMs can be started on their
 * backups at once. VMs for which that cannot be had are counted, see {@link #unprotected}.
 *
 * <p>A backup is kept until it will not do any more. Which host it is so depends on what came before; that of VMs that
 * are counted together, as after a load, does not: they get theirs largest first. Belongs to the inventory's thread.
 */
public final class Backups implements Reserve {
    private static final int UNKNOWN = HostTable.UNKNOWN;
    private static final int NO_INSTANCE = Inventory.NO_INSTANCE;
    /** Of the VMs without a backup so many are tried again at a time, when something has changed for the better. */
    private static final int RETRIES = 8;
    /** Repairs may call for others; what is left after so many is for the next time. */
    private static final int ROUNDS = 4;

    private final Inventory inventory;
    private final HostTable hosts;
    private final Dimensions dimensions;
    private final Loads loads;
    private final KeptRoom room;
    private final Assignments assignments;
    private final LossRules rules;
    private final BackupSearch search;
    private final Protection protection;
    private final Unprotected waiting = new Unprotected();
    private final Map<JobMembers, IntList> byJob = new HashMap<>();
    private @Nullable Ask leaving; // between leaving and left
    private final Set<JobMembers> dirtyJobs = new LinkedHashSet<>();
    private final Set<Integer> dirtyHosts = new LinkedHashSet<>();
    private final Set<Integer> otherTraits = new LinkedHashSet<>();
    private final IntList displaced = new IntList();

    private final Set<Integer> eased = new LinkedHashSet<>(); // hosts that may keep less than they did
    private boolean suspended;
    private long foundVersion = -1;
    private @Nullable Ask foundAsk;
    private int foundLost;
    private int found;
    private int foundMask;

    public Backups(Inventory inventory) {
        this.inventory = inventory;
        hosts = inventory.hosts();
        dimensions = new Dimensions(hosts);
        loads = new Loads(dimensions);
        room = new KeptRoom(hosts, dimensions, loads);
        assignments = new Assignments(inventory, dimensions, loads);
        rules = new LossRules(inventory, assignments::backup);
        search = new BackupSearch(inventory, dimensions, loads, rules);
        protection = new Protection(inventory, dimensions, assignments, search);
    }

    Loads loads() {
        return loads;
    }

    Dimensions dimensions() {
        return dimensions;
    }

    /** VMs on a host that are to be started elsewhere if it is lost, and could not. */
    int unprotectedOn(int host) {
        int count = 0;
        for (int instance = inventory.firstOn(host); instance != NO_INSTANCE; instance = inventory.nextOn(instance)) {
            boolean needed = inventory.askOf(instance).isRestartable();
            count += needed && !assignments.hasBackup(instance) ? 1 : 0;
        }
        return count;
    }

    boolean passesTraits(Ask ask, int host) {
        return search.passesTraits(ask, host);
    }

    /** NUMA nodes of the backup that carry the VM then, a bit each. */
    int numaMask(int instance) {
        return assignments.numaMask(instance);
    }

    /** Hosts looked at so far in search of backups. */
    long examined() {
        return search.examined();
    }

    private boolean isEnforced() {
        return inventory.policy().nPlusOne() == NPlusOne.ENFORCE;
    }

    @Override
    public boolean yieldsTo(Ask ask) {
        return !holds(ask);
    }

    @Override
    public boolean holds(Ask ask) {
        return ask.isReturning() ? waits(ask) : isEnforced();
    }

    @Override
    public boolean takesBack(Ask ask) {
        return ask.isReturning() && ask.preferredHost() != UNKNOWN && hosts.exists(ask.preferredHost());
    }

    @Override
    public boolean waits(Ask ask) {
        if (!takesBack(ask) || ask.startsInFlightMax() == 0) {
            return false;
        }
        int host = ask.preferredHost();
        return hosts.startsInFlight(host) >= ask.startsInFlightMax()
                && hosts.freeVcpus(host) >= ask.demand().vcpus()
                && hosts.freeMemoryMib(host) >= ask.demand().memoryMib()
                && search.passesTraits(ask, host)
                && (ask.avoidedHosts().isEmpty()
                        || !ask.avoidedHosts().contains(hosts.view(host).id()));
    }

    @Override
    public int backupOf(int instance) {
        return assignments.backup(instance);
    }

    @Override
    public int unprotected() {
        return assignments.without();
    }

    @Override
    public List<Integer> takeEased() {
        List<Integer> taken = List.copyOf(eased);
        eased.clear();
        return taken;
    }

    /** The host may keep less room once this backup is given up. */
    private void ease(int instance) {
        if (assignments.hasBackup(instance)) {
            eased.add(assignments.backup(instance));
        }
    }

    @Override
    public boolean hasRoomFor(Ask ask, int host) {
        return room.hasRoomFor(ask, host);
    }

    @Override
    public Optional<Shortage> shortage(Ask ask, int host) {
        return room.shortage(ask, host);
    }

    @Override
    public int fittingNumaNodes(int host, Demand demand) {
        return room.fittingNumaNodes(host, demand);
    }

    // ---- what a placement would do

    @Override
    public boolean allows(int host, Ask ask) {
        if (waits(ask) || !room.hasRoomFor(ask, host)) {
            return false;
        }
        assignments.begin();
        boolean allowed = true;
        if (isRelated(ask)) {
            inventory.suppose(ask, host, 1);
            displace(ask);
            for (int i = 0; allowed && i < displaced.size(); i++) {
                allowed = protection.protect(displaced.get(i), host);
            }
            inventory.suppose(ask, host, -1);
        }
        if (allowed && ask.isRestartable()) {
            allowed = findFor(ask, host) != UNKNOWN || protection.moveTogether(ask, NO_INSTANCE, host, UNKNOWN);
        }
        assignments.rollBack(0);
        return allowed;
    }

    /** The backup of a VM that is not there yet; remembered, as it is mostly placed next. */
    private int findFor(Ask ask, int host) {
        found = search.find(ask, NO_INSTANCE, host, UNKNOWN);
        foundMask = search.numaMask();
        foundAsk = ask;
        foundLost = host;
        foundVersion = assignments.isChanged() ? -1 : assignments.version();
        return found;
    }

    private static boolean isRelated(Ask ask) {
        return ask.terms().lookAtOthers() || !ask.terms().members().watchers().isEmpty();
    }

    /** Takes away the backups that will not do any more with a VM of this kind where it is now. */
    private void displace(Ask ask) {
        displaced.clear();
        displace(ask.terms().members());
        ask.terms().members().watchers().forEach(this::displace);
        sort(displaced);
    }

    private void displace(JobMembers job) {
        IntList vms = byJob.get(job);
        for (int i = 0; vms != null && i < vms.size(); i++) {
            int instance = vms.get(i);
            if (assignments.hasBackup(instance) && !passesRules(instance)) {
                assignments.clear(instance);
                displaced.add(instance);
            }
        }
    }

    private boolean passesRules(int instance) {
        rules.begin(inventory.askOf(instance), instance, inventory.hostOf(instance));
        return rules.pass(assignments.backup(instance));
    }

    // ---- changes

    @Override
    public void entered(int instance, boolean placed) {
        Ask ask = inventory.askOf(instance);
        assignments.enter(instance, ask);
        waiting.remove(instance);
        byJob.computeIfAbsent(ask.terms().members(), any -> new IntList()).add(instance);
        if (placed) {
            place(instance, ask);
        } else {
            wait(instance);
            touch(ask);
        }
    }

    private void place(int instance, Ask ask) {
        assignments.begin();
        int host = inventory.hostOf(instance);
        boolean known = foundVersion == assignments.version() && foundAsk == ask && foundLost == host;
        assignments.touch();
        if (room.isOverfull(host, ask.demand())) {
            recheckRoom(host);
            known = false;
        }
        if (isRelated(ask)) {
            displace(ask);
            for (int i = 0; i < displaced.size(); i++) {
                if (!protection.protect(displaced.get(i), host)) {
                    wait(displaced.get(i));
                }
                touchWatchers(displaced.get(i));
            }
            touch(ask);
        }
        if (!ask.isRestartable()) {
            return;
        }
        if (known && found != UNKNOWN) {
            assignments.set(instance, found, foundMask);
        } else if (!protection.protect(instance, UNKNOWN)) {
            waiting.addFailed(instance);
        }
    }

    @Override
    public void leaving(int instance) {
        assignments.begin();
        Ask ask = inventory.askOf(instance);
        leaving = ask;
        ease(instance);
        assignments.leave(instance, ask);
        waiting.remove(instance);
        IntList vms = byJob.get(ask.terms().members());
        if (vms != null) {
            vms.removeValue(instance);
        }
    }

    @Override
    public void left() {
        Ask ask = requireNonNull(leaving);
        leaving = null;
        IntList vms = byJob.get(ask.terms().members());
        if (vms != null && vms.isEmpty()) {
            byJob.remove(ask.terms().members());
        }
        touch(ask);
        waiting.help();
    }

    @Override
    public void changed(int host, boolean traitsChanged, boolean domainsChanged) {
        assignments.touch();
        dirtyHosts.add(host);
        if (traitsChanged) {
            otherTraits.add(host);
        }
        if (domainsChanged) {
            dirtyJobs.addAll(byJob.keySet());
        }
        waiting.help();
    }

    @Override
    public void removing(int host) {
        assignments.begin();
        assignments.touch();
        IntList vms = backedUpOn(host);
        for (int i = 0; i < vms.size(); i++) {
            drop(vms.get(i));
        }
        dirtyHosts.remove(host);
        otherTraits.remove(host);
        eased.remove(host);
    }

    /** The rules of these jobs may judge otherwise now. */
    private void touch(Ask ask) {
        assignments.touch();
        if (isRelated(ask)) {
            dirtyJobs.add(ask.terms().members());
            dirtyJobs.addAll(ask.terms().members().watchers());
        }
    }

    /** Other jobs' VMs that go where this one goes. */
    private void touchWatchers(int instance) {
        dirtyJobs.addAll(inventory.askOf(instance).terms().members().watchers());
    }

    private void wait(int instance) {
        if (inventory.askOf(instance).isRestartable()) {
            waiting.addFresh(instance);
        }
    }

    private void drop(int instance) {
        ease(instance);
        assignments.clear(instance);
        wait(instance);
        touch(inventory.askOf(instance));
    }

    // ---- repair

    @Override
    public void settle() {
        if (suspended) {
            return;
        }
        repair();
        waiting.retry(RETRIES, this::protectAlone);
        repair();
    }

    private void repair() {
        for (int round = 0; round < ROUNDS && !isSettled(); round++) {
            recheckHosts();
            giveKnown();
            recheckJobs();
            protectFresh();
        }
    }

    @Override
    public void settleFor(Ask ask) {
        JobMembers job = ask.terms().members();
        boolean later = dirtyJobs.remove(job);
        settle();
        if (later) {
            dirtyJobs.add(job);
        }
    }

    @Override
    public void suspend() {
        settle();
        suspended = true;
    }

    @Override
    public void resume() {
        suspended = false;
        assignments.touch();
    }

    @Override
    public void settleAll() {
        waiting.refreshAll();
        settle();
    }

    private boolean isSettled() {
        return !waiting.hasFresh() && dirtyHosts.isEmpty() && dirtyJobs.isEmpty();
    }

    private boolean protectAlone(int instance) {
        assignments.begin();
        boolean found = protection.protect(instance, UNKNOWN);
        if (found) {
            touchWatchers(instance); // its group may have moved with it
        }
        return found;
    }

    private void recheckHosts() {
        if (dirtyHosts.isEmpty()) {
            return;
        }
        assignments.begin();
        for (int host : List.copyOf(dirtyHosts)) {
            recheckRoom(host);
            if (otherTraits.contains(host)) {
                recheckTraits(host);
            }
        }
        dirtyHosts.clear();
        otherTraits.clear();
    }

    private void recheckTraits(int host) {
        IntList vms = backedUpOn(host);
        for (int i = 0; i < vms.size(); i++) {
            if (!search.passesTraits(inventory.askOf(vms.get(i)), host)) {
                drop(vms.get(i));
            }
        }
    }

    /** Takes VMs off a backup that has not the room for them any more, the largest first. */
    private void recheckRoom(int host) {
        for (int pair : pairsOf(host)) {
            if (loads.overflows(pair)) {
                IntList vms = backedUp(loads.lost(pair), host);
                sort(vms);
                for (int i = 0; i < vms.size() && loads.overflows(pair); i++) {
                    drop(vms.get(i));
                }
            }
        }
    }

    private List<Integer> pairsOf(int host) {
        List<Integer> pairs = new ArrayList<>();
        for (int pair = loads.firstOfBackup(host); pair != Loads.NONE; pair = loads.nextOfBackup(pair)) {
            pairs.add(pair);
        }
        return pairs;
    }

    private IntList backedUpOn(int host) {
        IntList all = new IntList();
        for (int pair : pairsOf(host)) {
            IntList vms = backedUp(loads.lost(pair), host);
            for (int i = 0; i < vms.size(); i++) {
                all.add(vms.get(i));
            }
        }
        return all;
    }

    private IntList backedUp(int lost, int host) {
        IntList vms = new IntList();
        for (int instance = inventory.firstOn(lost); instance != NO_INSTANCE; instance = inventory.nextOn(instance)) {
            if (assignments.backup(instance) == host) {
                vms.add(instance);
            }
        }
        return vms;
    }

    private void recheckJobs() {
        if (dirtyJobs.isEmpty()) {
            return;
        }
        assignments.begin();
        List<JobMembers> jobs = List.copyOf(dirtyJobs);
        dirtyJobs.clear();
        for (JobMembers job : jobs) {
            IntList vms = byJob.get(job);
            for (int i = 0; vms != null && i < vms.size(); i++) {
                if (assignments.hasBackup(vms.get(i))) {
                    recheckRules(vms.get(i));
                }
            }
        }
    }

    private void recheckRules(int instance) {
        if (!passesRules(instance)) {
            drop(instance);
            return;
        }
        if (rules.excess(assignments.backup(instance)) > 0) {
            int before = assignments.backup(instance);
            int mark = assignments.mark();
            assignments.clear(instance);
            if (!protection.protect(instance, UNKNOWN)) {
                assignments.rollBack(mark);
            } else if (assignments.backup(instance) != before) {
                eased.add(before);
                touchWatchers(instance);
            }
        }
    }

    /** Backups that held together before still do; whatever is moved now would only be in their way. */
    private void giveKnown() {
        if (!waiting.hasFresh()) {
            return;
        }
        IntList due = waiting.takeFresh();
        sort(due);
        assignments.begin();
        for (int i = 0; i < due.size(); i++) {
            int known = inventory.askOf(due.get(i)).knownBackup();
            if (known == UNKNOWN || !protection.give(due.get(i), known)) {
                waiting.addFresh(due.get(i));
            }
        }
    }

    private void protectFresh() {
        if (!waiting.hasFresh()) {
            return;
        }
        IntList due = waiting.takeFresh();
        sort(due);
        assignments.begin();
        for (int i = 0; i < due.size(); i++) {
            if (!assignments.hasBackup(due.get(i)) && !protectAlone(due.get(i))) {
                waiting.addFailed(due.get(i));
            }
        }
    }

    // ---- order

    /** Largest first; then by job and ordinal. */
    private void sort(IntList vms) {
        if (vms.size() < 2) {
            return;
        }
        Integer[] order = new Integer[vms.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = vms.get(i);
        }
        Arrays.sort(order, this::compare);
        vms.clear();
        for (int instance : order) {
            vms.add(instance);
        }
    }

    private int compare(int instance, int other) {
        Ask ask = inventory.askOf(instance);
        Ask otherAsk = inventory.askOf(other);
        int order = Long.compare(share(otherAsk.demand()), share(ask.demand()));
        if (order == 0) {
            order = ask.terms()
                    .members()
                    .key()
                    .compareTo(otherAsk.terms().members().key());
        }
        if (order == 0) {
            order = Integer.compare(ask.ordinal(), otherAsk.ordinal());
        }
        return order == 0 ? Integer.compare(instance, other) : order;
    }

    private long share(Demand demand) {
        return inventory.share(demand.vcpus(), demand.memoryMib() + demand.hugepagesMib());
    }
}
