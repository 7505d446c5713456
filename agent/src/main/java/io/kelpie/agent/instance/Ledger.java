package io.kelpie.agent.instance;

import io.kelpie.agent.driver.InstanceId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The durable memory of which instances this host was told to run, and which it must not run any more.
 *
 * <p>Methods block on the disk, and what they did survives a crash once they have returned. They are safe to call from
 * several threads, for one instance from one at a time.
 */
public interface Ledger {
    /** An instance that may be running and whose entry cannot be read; {@code reason} is for the operator. */
    record Damaged(InstanceId id, String reason) {}

    /**
     * All that the ledger knows.
     *
     * @param entries whole entries
     * @param damaged instances whose entries are lost
     * @param highest per VM, the highest incarnation that was refused or forgotten
     */
    record Contents(List<LedgerEntry> entries, List<Damaged> damaged, Map<UUID, Long> highest) {}

    /** Reads everything. Damaged entries are kept aside, never thrown away. */
    Contents load() throws IOException;

    /** Puts an entry in the place of the instance's earlier one. */
    void write(LedgerEntry entry) throws IOException;

    /** From now on, no incarnation of the VM up to this one is started here. */
    void refuseUpTo(UUID vmId, long incarnation) throws IOException;

    /** Removes an ended instance and all its files but disks. Idempotent. */
    void removeInstance(InstanceId id) throws IOException;

    /** Removes what the VM's guests have printed. Idempotent. */
    void removeLog(UUID vmId) throws IOException;

    /**
     * How long numbers of {@link #refuseUpTo} are kept.
     *
     * @param ageMin those last raised less long ago are all kept, so that a start that is late within the present lineage
     *     of the host's lease is still refused
     * @param ageMax of the rest, those last raised longer ago are forgotten
     * @param countMax and of these, the oldest beyond this count
     */
    record Retention(Duration ageMin, Duration ageMax, int countMax) {}

    /**
     * Forgets the oldest numbers of {@link #refuseUpTo} of VMs of which nothing else is here.
     *
     * @param nowMillis wall clock
     * @return the forgotten numbers, per VM
     */
    Map<UUID, Long> prune(long nowMillis, Retention retention) throws IOException;
}
