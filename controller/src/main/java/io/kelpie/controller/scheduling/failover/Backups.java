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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    private final Inventory inventory;
    private final HostTable hosts;
    private final Dimensions dimensions;
    private final Loads loads;
    private final KeptRoom room;
    private final Assignments assignments;
    private final BackupSearch search;
    private final Protection protection;
    private final JobVms jobVms = new JobVms();
    private final LargestFirst order;
    private final Repairs repairs;
    private final IntList displaced = new IntList();

    private @Nullable Ask leaving; // between leaving and left
    private boolean suspended;
    private final Map<Integer, Backup> aside = new HashMap<>(); // by instance, while suspended
    private long foundVersion = -1;
    private @Nullable Ask foundAsk;
    private int foundLost;
    private int found;
    private int foundMask;

    /** Where an instance has its backup. */
    private record Backup(int host, int numaMask) {}

    public Backups(Inventory inventory) {
        this.inventory = inventory;
        hosts = inventory.hosts();
        dimensions = new Dimensions(hosts);
        loads = new Loads(dimensions);
        room = new KeptRoom(hosts, dimensions, loads);
        assignments = new Assignments(inventory, dimensions, loads);
        LossRules rules = new LossRules(inventory, assignments::backup);
        search = new BackupSearch(inventory, dimensions, loads, rules);
        protection = new Protection(inventory, dimensions, assignments, search);
        order = new LargestFirst(inventory);
        repairs = new Repairs(inventory, loads, assignments, rules, search, protection, jobVms, order);
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
        return repairs.takeEased();
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
        if (Repairs.isRelated(ask)) {
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

    /** Takes away the backups that will not do any more with a VM of this kind where it is now. */
    private void displace(Ask ask) {
        displaced.clear();
        displace(ask.terms().members());
        ask.terms().members().watchers().forEach(this::displace);
        order.sort(displaced);
    }

    private void displace(JobMembers job) {
        IntList vms = jobVms.of(job);
        for (int i = 0; i < vms.size(); i++) {
            int instance = vms.get(i);
            if (assignments.hasBackup(instance) && !repairs.passesRules(instance)) {
                assignments.clear(instance);
                displaced.add(instance);
            }
        }
    }

    // ---- changes

    @Override
    public void entered(int instance, boolean placed) {
        Ask ask = inventory.askOf(instance);
        assignments.enter(instance, ask);
        repairs.waiting().remove(instance);
        jobVms.add(ask.terms().members(), instance);
        if (placed) {
            place(instance, ask);
        } else {
            repairs.enqueue(instance);
            repairs.touch(ask);
        }
    }

    private void place(int instance, Ask ask) {
        assignments.begin();
        int host = inventory.hostOf(instance);
        boolean known = foundVersion == assignments.version() && foundAsk == ask && foundLost == host;
        assignments.touch();
        if (room.isOverfull(host, ask.demand())) {
            repairs.recheckRoom(host);
            known = false;
        }
        if (Repairs.isRelated(ask)) {
            displace(ask);
            for (int i = 0; i < displaced.size(); i++) {
                if (!protection.protect(displaced.get(i), host)) {
                    repairs.enqueue(displaced.get(i));
                }
                repairs.touchWatchers(displaced.get(i));
            }
            repairs.touch(ask);
        }
        if (!ask.isRestartable()) {
            return;
        }
        if (known && found != UNKNOWN) {
            assignments.set(instance, found, foundMask);
        } else if (!protection.protect(instance, UNKNOWN)) {
            repairs.waiting().addFailed(instance);
        }
    }

    @Override
    public void leaving(int instance) {
        assignments.begin();
        Ask ask = inventory.askOf(instance);
        leaving = ask;
        repairs.ease(instance);
        assignments.leave(instance, ask);
        repairs.waiting().remove(instance);
        jobVms.remove(ask.terms().members(), instance);
    }

    @Override
    public void left() {
        repairs.touch(requireNonNull(leaving));
        leaving = null;
        repairs.waiting().help();
    }

    @Override
    public void changed(int host, boolean traitsChanged, boolean domainsChanged) {
        assignments.touch();
        repairs.hostChanged(host, traitsChanged, domainsChanged);
    }

    @Override
    public void removing(int host) {
        assignments.begin();
        assignments.touch();
        repairs.hostRemoved(host);
    }

    // ---- repair

    @Override
    public void settle() {
        if (!suspended) {
            repairs.run();
        }
    }

    @Override
    public void settleFor(Ask ask) {
        if (!suspended) {
            repairs.runExcept(ask.terms().members());
        }
    }

    @Override
    public void suspend() {
        settle();
        suspended = true;
    }

    @Override
    public void setAside(int instance) {
        if (assignments.hasBackup(instance)) {
            aside.put(instance, new Backup(assignments.backup(instance), assignments.numaMask(instance)));
            assignments.clear(instance);
        }
    }

    @Override
    public void putBack(int instance) {
        Backup backup = aside.remove(instance);
        if (backup != null) {
            assignments.set(instance, backup.host(), backup.numaMask());
        }
    }

    @Override
    public void resume() {
        suspended = false;
        assignments.touch();
    }

    @Override
    public void settleAll() {
        repairs.waiting().refreshAll();
        settle();
    }
}
