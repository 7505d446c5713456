package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobMembers;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What may be wrong with the {@link Backups} since something has changed, and its repair: backups that will not do any
 * more are given up, and VMs without one get another. Belongs to the inventory's thread.
 */
final class Repairs {
    private static final int UNKNOWN = HostTable.UNKNOWN;
    private static final int NO_INSTANCE = Inventory.NO_INSTANCE;
    /** Of the VMs without a backup so many are tried again at a time, when something has changed for the better. */
    private static final int RETRIES = 8;
    /** Repairs may call for others; what is left after so many is for the next time. */
    private static final int ROUNDS = 4;

    private final Inventory inventory;
    private final Loads loads;
    private final Assignments assignments;
    private final LossRules rules;
    private final BackupSearch search;
    private final Protection protection;
    private final JobVms jobVms;
    private final LargestFirst order;
    private final Unprotected waiting = new Unprotected();
    private final Set<JobMembers> dirtyJobs = new LinkedHashSet<>();
    private final Set<Integer> dirtyHosts = new LinkedHashSet<>();
    private final Set<Integer> otherTraits = new LinkedHashSet<>();
    private final Set<Integer> eased = new LinkedHashSet<>(); // hosts that may keep less than they did

    Repairs(
            Inventory inventory,
            Loads loads,
            Assignments assignments,
            LossRules rules,
            BackupSearch search,
            Protection protection,
            JobVms jobVms,
            LargestFirst order) {
        this.inventory = inventory;
        this.loads = loads;
        this.assignments = assignments;
        this.rules = rules;
        this.search = search;
        this.protection = protection;
        this.jobVms = jobVms;
        this.order = order;
    }

    // ---- what may be wrong

    /** VMs that have no backup. */
    Unprotected waiting() {
        return waiting;
    }

    /** Hosts that may keep less than before the last call. */
    List<Integer> takeEased() {
        List<Integer> taken = List.copyOf(eased);
        eased.clear();
        return taken;
    }

    void hostChanged(int host, boolean traitsChanged, boolean domainsChanged) {
        dirtyHosts.add(host);
        if (traitsChanged) {
            otherTraits.add(host);
        }
        if (domainsChanged) {
            dirtyJobs.addAll(jobVms.jobs());
        }
        waiting.help();
    }

    /** No VM of the host is told of, and none has its backup there any more. */
    void hostRemoved(int host) {
        IntList vms = backedUpOn(host);
        for (int i = 0; i < vms.size(); i++) {
            drop(vms.get(i));
        }
        dirtyHosts.remove(host);
        otherTraits.remove(host);
        eased.remove(host);
    }

    /** The host may keep less room once this backup is given up. */
    void ease(int instance) {
        if (assignments.hasBackup(instance)) {
            eased.add(assignments.backup(instance));
        }
    }

    /** Whether the VM's backup would do, were its host lost now. */
    boolean passesRules(int instance) {
        rules.begin(inventory.askOf(instance), instance, inventory.hostOf(instance));
        return rules.pass(assignments.backup(instance));
    }

    /** Whether rules of other VMs look at where it is, or its own at where they are. */
    static boolean isRelated(Ask ask) {
        return ask.terms().lookAtOthers() || !ask.terms().members().watchers().isEmpty();
    }

    /** The rules of the VM's job, and of those that look at it, may judge otherwise now. */
    void touch(Ask ask) {
        assignments.touch();
        if (isRelated(ask)) {
            dirtyJobs.add(ask.terms().members());
            dirtyJobs.addAll(ask.terms().members().watchers());
        }
    }

    /** Other jobs' VMs that go where this one goes. */
    void touchWatchers(int instance) {
        dirtyJobs.addAll(inventory.askOf(instance).terms().members().watchers());
    }

    /** The VM has no backup: the next {@link #run} looks for one, if it is to have one. */
    void enqueue(int instance) {
        if (inventory.askOf(instance).isRestartable()) {
            waiting.addFresh(instance);
        }
    }

    private void drop(int instance) {
        ease(instance);
        assignments.clear(instance);
        enqueue(instance);
        touch(inventory.askOf(instance));
    }

    // ---- repair

    void run() {
        repair();
        waiting.retry(RETRIES, this::protectAlone);
        repair();
    }

    /** All but what concerns this job. */
    void runExcept(JobMembers job) {
        boolean later = dirtyJobs.remove(job);
        run();
        if (later) {
            dirtyJobs.add(job);
        }
    }

    private void repair() {
        for (int round = 0; round < ROUNDS && !isDone(); round++) {
            recheckHosts();
            giveKnown();
            recheckJobs();
            protectFresh();
        }
    }

    private boolean isDone() {
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
    void recheckRoom(int host) {
        for (int pair : pairsOf(host)) {
            if (loads.overflows(pair)) {
                IntList vms = backedUp(loads.lost(pair), host);
                order.sort(vms);
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

    IntList backedUpOn(int host) {
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
            IntList vms = jobVms.of(job);
            for (int i = 0; i < vms.size(); i++) {
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
        order.sort(due);
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
        order.sort(due);
        assignments.begin();
        for (int i = 0; i < due.size(); i++) {
            if (!assignments.hasBackup(due.get(i)) && !protectAlone(due.get(i))) {
                waiting.addFailed(due.get(i));
            }
        }
    }
}
