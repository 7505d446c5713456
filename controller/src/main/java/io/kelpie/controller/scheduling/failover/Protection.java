package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobMembers;

/** Gives VMs their backups, one by one or, where they have to be near each other, together. Belongs to one thread. */
final class Protection {
    private static final int UNKNOWN = HostTable.UNKNOWN;
    private static final int NO_INSTANCE = Inventory.NO_INSTANCE;

    private final Inventory inventory;
    private final Assignments assignments;
    private final BackupSearch search;
    private final Size whole;
    private final Size one;

    Protection(Inventory inventory, Dimensions dimensions, Assignments assignments, BackupSearch search) {
        this.inventory = inventory;
        this.assignments = assignments;
        this.search = search;
        whole = new Size(dimensions);
        one = new Size(dimensions);
    }

    /**
     * Gives a VM a backup, with all of its group if need be; false, and nothing is changed, if there is none.
     *
     * @param avoidedHost a host that is not to be it, or {@link HostTable#UNKNOWN}
     */
    boolean protect(int instance, int avoidedHost) {
        Ask ask = inventory.askOf(instance);
        int lost = inventory.hostOf(instance);
        int backup = search.find(ask, instance, lost, avoidedHost);
        if (backup != UNKNOWN) {
            assignments.set(instance, backup, search.numaMask());
            return true;
        }
        return moveTogether(ask, instance, lost, avoidedHost);
    }

    /** Gives a VM this very backup; false if it will not do. */
    boolean give(int instance, int backup) {
        boolean fits = search.isBackup(inventory.askOf(instance), instance, inventory.hostOf(instance), backup);
        if (fits) {
            assignments.set(instance, backup, search.numaMask());
        }
        return fits;
    }

    /**
     * VMs that have to be near each other, and are all on one host, get another backup together; false, and nothing is
     * changed, if there is none.
     *
     * @param instance the one that has none; {@link Inventory#NO_INSTANCE} if it is not there yet
     */
    boolean moveTogether(Ask ask, int instance, int lost, int avoidedHost) {
        JobMembers job = ask.terms().members();
        if (!ask.terms().holdsTogether() || job.total() > job.byHost().get(lost)) {
            return false;
        }
        int mark = assignments.mark();
        IntList group = takeGroup(ask, instance, lost);
        if (group.isEmpty()) {
            return false;
        }
        int backup = search.findForAll(ask, whole, lost, avoidedHost);
        boolean moved = backup != UNKNOWN;
        for (int i = 0; moved && i < group.size(); i++) {
            moved = give(group.get(i), backup);
        }
        if (moved) {
            moved = instance == NO_INSTANCE ? search.isBackup(ask, NO_INSTANCE, lost, backup) : give(instance, backup);
        }
        if (!moved) {
            assignments.rollBack(mark);
        }
        return moved;
    }

    /** Takes their backups from the other VMs of the job on the host; {@link #whole} is what all need together. */
    private IntList takeGroup(Ask ask, int instance, int lost) {
        IntList group = new IntList();
        whole.clear();
        whole.plus(one.of(ask.demand(), 0));
        for (int other = inventory.firstOn(lost); other != NO_INSTANCE; other = inventory.nextOn(other)) {
            boolean fellow = other != instance
                    && inventory.askOf(other).terms().members() == ask.terms().members();
            if (fellow && assignments.hasBackup(other)) {
                group.add(other);
                whole.plus(one.of(inventory.askOf(other).demand(), 0));
            }
        }
        for (int i = 0; i < group.size(); i++) {
            assignments.clear(group.get(i));
        }
        return group;
    }
}
