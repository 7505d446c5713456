package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.Arrays;

/**
 * Which VM has its backup where, with the {@link Loads} that follow from it. What is changed can be rolled back. Belongs
 * to one thread.
 */
final class Assignments {
    private static final int UNKNOWN = HostTable.UNKNOWN;

    private final Inventory inventory;
    private final Loads loads;
    private final Size size;
    private int[] backups = new int[0]; // by instance
    private int[] masks = new int[0]; // by instance: NUMA nodes of the backup
    private final IntList journal = new IntList(); // instance, backup and mask before each change
    private int without;
    private long version;

    Assignments(Inventory inventory, Dimensions dimensions, Loads loads) {
        this.inventory = inventory;
        this.loads = loads;
        size = new Size(dimensions);
    }

    /** The backup of an instance, or {@link HostTable#UNKNOWN}. */
    int backup(int instance) {
        return instance < backups.length ? backups[instance] : UNKNOWN;
    }

    boolean hasBackup(int instance) {
        return backup(instance) != UNKNOWN;
    }

    /** NUMA nodes of the backup that carry the VM then, a bit each. */
    int numaMask(int instance) {
        return masks[instance];
    }

    /** Instances that should have a backup and have none. */
    int without() {
        return without;
    }

    /** Grows with every change. */
    long version() {
        return version;
    }

    /** Something else has changed that a search depends on. */
    void touch() {
        version++;
    }

    /** A new instance. */
    void enter(int instance, Ask ask) {
        if (instance >= backups.length) {
            int formerly = backups.length;
            int length = Math.max(16, instance * 2);
            backups = Arrays.copyOf(backups, length);
            masks = Arrays.copyOf(masks, length);
            Arrays.fill(backups, formerly, length, UNKNOWN);
        }
        backups[instance] = UNKNOWN;
        masks[instance] = 0;
        without += ask.isRestartable() ? 1 : 0;
    }

    /** An instance goes. */
    void leave(int instance, Ask ask) {
        if (backups[instance] != UNKNOWN) {
            clear(instance);
        }
        without -= ask.isRestartable() ? 1 : 0;
        version++;
    }

    void clear(int instance) {
        set(instance, UNKNOWN, 0);
    }

    void set(int instance, int backup, int mask) {
        journal.add(instance);
        journal.add(backups[instance]);
        journal.add(masks[instance]);
        write(instance, backup, mask);
    }

    private void write(int instance, int backup, int mask) {
        int lost = inventory.hostOf(instance);
        Demand demand = inventory.askOf(instance).demand();
        int before = backups[instance];
        if (before != UNKNOWN) {
            loads.remove(lost, before, size.of(demand, masks[instance]));
            keep(before);
            without++;
        }
        if (backup != UNKNOWN) {
            loads.add(lost, backup, size.of(demand, mask));
            keep(backup);
            without--;
        }
        backups[instance] = backup;
        masks[instance] = mask;
        version++;
    }

    private void keep(int host) {
        inventory.keep(host, (int) loads.kept(host, Dimensions.VCPUS), loads.kept(host, Dimensions.MEMORY));
    }

    /** What was changed so far stays. */
    void begin() {
        journal.clear();
    }

    /** Whether anything was changed since {@link #begin}. */
    boolean isChanged() {
        return !journal.isEmpty();
    }

    /** For {@link #rollBack}. */
    int mark() {
        return journal.size();
    }

    /** Undoes what was changed since the mark. */
    void rollBack(int mark) {
        while (journal.size() > mark) {
            int mask = journal.removeLast();
            int backup = journal.removeLast();
            write(journal.removeLast(), backup, mask);
        }
    }
}
