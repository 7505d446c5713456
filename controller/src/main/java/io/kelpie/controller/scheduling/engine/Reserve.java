package io.kelpie.controller.scheduling.engine;

import java.util.List;
import java.util.Optional;

/**
 * Room on the hosts that is kept beside what instances hold, so that the VMs of any one host can be started elsewhere.
 * Told of every change of the {@link Inventory} that it belongs to. Belongs to the inventory's thread.
 */
public interface Reserve {
    /** Keeps nothing. */
    Reserve NONE = new NoReserve();

    /** Brings it up to date with the changes since. */
    void settle();

    /** The same before a VM is placed; what its own job's VMs prefer is left for later, more of them may follow. */
    void settleFor(Ask ask);

    /** Brings it up to date, and tries again for every VM without a backup. */
    void settleAll();

    /** Brings it up to date; from here on it stays as it is, while something is tried out. */
    void suspend();

    /** While suspended: as if the instance were gone, nothing is kept for it elsewhere. */
    void setAside(int instance);

    /** As it was before {@link #setAside}. */
    void putBack(int instance);

    /** What was tried out is undone; nothing is aside any more. */
    void resume();

    /** Whether a VM for which no host is allowed is placed nevertheless. */
    boolean yieldsTo(Ask ask);

    /** Whether a VM goes nowhere but to a host that is allowed. */
    boolean holds(Ask ask);

    /**
     * Whether a VM comes back to where room was kept for it, which is its preferred host: it goes there before it goes
     * anywhere else, however uneven that is for spread. So none of the VMs of a lost host takes what was kept for another.
     */
    boolean takesBack(Ask ask);

    /** Whether such a VM waits a moment, as its preferred host has too many others to start: no other host is allowed. */
    boolean waits(Ask ask);

    /** Whether a VM on the host would take no kept room and would have a backup; nothing is changed. */
    boolean allows(int host, Ask ask);

    /** Whether the host has the room for the VM beside what is kept there. */
    boolean hasRoomFor(Ask ask, int host);

    /** What the host has too little of for the VM; empty if {@link #hasRoomFor}. */
    Optional<Shortage> shortage(Ask ask, int host);

    /** The host's NUMA nodes with room for the VM's share beside what is kept there, a bit each. */
    int fittingNumaNodes(int host, Demand demand);

    /** The host where the instance is started if its own is lost; {@link HostTable#UNKNOWN} if there is none. */
    int backupOf(int instance);

    /** VMs that are to be started elsewhere if their host is lost, and could not; after {@link #settle}. */
    int unprotected();

    /**
     * Hosts that may keep less room than when this was asked last, for no change of their own: VMs elsewhere have gone, or
     * have their backup on another host now.
     */
    List<Integer> takeEased();

    /** An instance was placed, or counted. */
    void entered(int instance, boolean placed);

    /** An instance is about to go. */
    void leaving(int instance);

    /** The instance that was {@link #leaving} is gone. */
    void left();

    /** A host is new, or has changed. */
    void changed(int host, boolean traitsChanged, boolean domainsChanged);

    /** A host without instances is about to go. */
    void removing(int host);
}
