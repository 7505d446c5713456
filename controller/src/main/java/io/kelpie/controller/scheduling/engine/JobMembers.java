package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.SpreadRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where the VMs of one job are, and which jobs keep away from it. Belongs to one thread. */
public final class JobMembers {
    private static final Census[] NO_CENSUSES = {};

    private final JobKey key;
    private final IntCounts byHost = new IntCounts();
    private @Nullable Census hosts; // by host alone: has no counts of its own
    private Census[] censuses = NO_CENSUSES; // all others
    private List<Census> repelledBy = List.of(); // each with counts by host of its own
    private Set<JobMembers> watchers = Set.of();
    private int total;
    private int endable = Integer.MAX_VALUE;
    private int groupHost = HostTable.UNKNOWN;
    private int nextNumber;
    private int numbersLeft;

    JobMembers(JobKey key) {
        this.key = key;
    }

    public JobKey key() {
        return key;
    }

    public int total() {
        return total;
    }

    /** A host with a VM of the job; the one of lowest rank. {@link HostTable#UNKNOWN} if it has none. */
    int anyHost(FitIndex index) {
        int any = HostTable.UNKNOWN;
        for (int slot = 0; slot < byHost.slots(); slot++) {
            int host = byHost.keyAt(slot);
            if (host >= 0 && (any == HostTable.UNKNOWN || index.rank(host) < index.rank(any))) {
                any = host;
            }
        }
        return any;
    }

    /** The host that is held for the job, as it has to stay together and may grow; {@link HostTable#UNKNOWN}: none. */
    int groupHost() {
        return groupHost;
    }

    void groupHost(int host) {
        groupHost = host;
    }

    /** The number of the job's next instance, if {@link #numbersLeft}. */
    int nextNumber() {
        return nextNumber;
    }

    /** So many numbers from {@link #nextNumber} on are set aside for the job's next instances. */
    int numbersLeft() {
        return numbersLeft;
    }

    /** The business of {@link InstanceNumbers}. */
    void numbers(int next, int left) {
        nextNumber = next;
        numbersLeft = left;
    }

    /** So many of the VMs may be ended now; {@link Integer#MAX_VALUE} if there is no limit. */
    public int endable() {
        return endable;
    }

    void endable(int count) {
        endable = count;
    }

    public IntCounts byHost() {
        return byHost;
    }

    /** Whether VMs of other jobs keep away from this one, or did. */
    public boolean isRepelled() {
        return !repelledBy.isEmpty();
    }

    /** Where VMs of other jobs are that keep away from this one, a census for each kind of domain. */
    public List<Census> repelledBy() {
        return repelledBy;
    }

    @Nullable Census repelledBy(String by) {
        for (int i = 0; i < repelledBy.size(); i++) {
            if (repelledBy.get(i).by().equals(by)) {
                return repelledBy.get(i);
            }
        }
        return null;
    }

    /** Other jobs whose VMs may go here or there according to where this one's are. */
    public Set<JobMembers> watchers() {
        return watchers;
    }

    void watchedBy(JobMembers other, boolean wanted) {
        if (wanted) {
            watchers = watchers.isEmpty() ? new LinkedHashSet<>() : watchers;
            watchers.add(other);
        } else if (!watchers.isEmpty()) {
            watchers.remove(other);
        }
    }

    /** A new census of VMs that keep away from this job, without any. */
    Census newRepelledBy(@Nullable Domains domains) {
        Census census = new Census(domains, new IntCounts(), 0);
        if (repelledBy.isEmpty()) {
            repelledBy = new ArrayList<>(1);
        }
        repelledBy.add(census);
        return census;
    }

    /**
     * @param partitions into how many partitions VMs are told apart; 0: they are not
     */
    @Nullable Census census(String by, int partitions) {
        if (partitions == 0 && by.equals(SpreadRule.HOST)) {
            return hosts;
        }
        for (Census census : censuses) {
            if (census.partitions() == partitions && census.by().equals(by)) {
                return census;
            }
        }
        return null;
    }

    /** Those that have counts of their own, to read. */
    Census[] censuses() {
        return censuses;
    }

    /** A new census; the caller counts the present members into it. */
    Census newCensus(@Nullable Domains domains, int partitions) {
        Census census = new Census(domains, byHost, partitions);
        if (domains == null && partitions == 0) {
            hosts = census;
        } else {
            censuses = Arrays.copyOf(censuses, censuses.length + 1);
            censuses[censuses.length - 1] = census;
        }
        return census;
    }

    /** A VM of the job comes to a host or leaves it. */
    void add(int host, int amount, int ordinal) {
        total += amount;
        byHost.add(host, amount);
        for (Census census : censuses) {
            census.add(host, amount, ordinal);
        }
    }
}
