package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.filter.Filter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * One VM that wants a place, with its names resolved against the {@link Inventory}, so that rules only compare numbers.
 * The floors of its spread rules are worked out while it is decided on; else immutable.
 */
public final class Ask {
    private static final int[] NO_FLOORS = {};
    private static final Filter[] NO_FILTERS = {};

    private final UUID vmId;
    private final int priority;
    private final JobAsk ofJob;
    private final Demand demand;
    private final JobTerms terms;
    private final int ordinal;
    private final int partition;
    private final int jobSize;
    private final int boundHost;
    private final Optional<String> boundToHost;
    private final String boundDisk;
    private final int preferredHost;
    private final Set<String> avoidedHosts;
    private final int startsInFlightMax;
    private final boolean restartable;
    private final boolean returning;
    private final int knownBackup;
    private final Reserve reserve;
    private final int[] floors;
    private int decidedSpreads;
    private Filter[] concerning = NO_FILTERS;
    private int repelledByThen = -1;

    Ask(
            UUID vmId,
            int priority,
            JobAsk ofJob,
            int ordinal,
            int jobSize,
            int boundHost,
            Optional<String> boundToHost,
            String boundDisk,
            int preferredHost,
            Set<String> avoidedHosts,
            int startsInFlightMax,
            boolean restartable,
            boolean returning,
            int knownBackup,
            Reserve reserve) {
        this.vmId = vmId;
        this.priority = priority;
        this.ofJob = ofJob;
        demand = ofJob.demand();
        terms = ofJob.terms();
        this.ordinal = ordinal;
        this.jobSize = jobSize;
        this.boundHost = boundHost;
        this.boundToHost = boundToHost;
        this.boundDisk = boundDisk;
        this.preferredHost = preferredHost;
        this.avoidedHosts = avoidedHosts;
        this.startsInFlightMax = startsInFlightMax;
        this.restartable = restartable;
        this.returning = returning;
        this.knownBackup = knownBackup;
        this.reserve = reserve;
        partition = terms.partitions().isEmpty()
                ? Census.NO_PARTITION
                : ordinal % terms.partitions().get(0).count();
        floors = terms.spread().isEmpty() ? NO_FLOORS : new int[terms.spread().size()];
    }

    public UUID vmId() {
        return vmId;
    }

    /** 0 to 100; a higher one may take the place of lower ones. */
    public int priority() {
        return priority;
    }

    /** What all VMs of its job ask that are like it. */
    JobAsk ofJob() {
        return ofJob;
    }

    public Demand demand() {
        return demand;
    }

    public JobTerms terms() {
        return terms;
    }

    public VmShape shape() {
        return demand.shape();
    }

    public Reservation reservation() {
        return demand.reservation();
    }

    /** Those of the filters that concern it; the same filters at every call. */
    Filter[] concerning(Filter[] filters) {
        if (repelledByThen != repelledBy().size()) {
            repelledByThen = repelledBy().size();
            int count = 0;
            Filter[] some = new Filter[filters.length];
            for (Filter filter : filters) {
                if (filter.concerns(this)) {
                    some[count++] = filter;
                }
            }
            concerning = Arrays.copyOf(some, count);
        }
        return concerning;
    }

    /** The VM's number within its job. */
    public int ordinal() {
        return ordinal;
    }

    /** Which of the job's partitions the VM is in; -1 if it has none. */
    public int partition() {
        return partition;
    }

    /** Whether it is started elsewhere if its host is lost. */
    public boolean isRestartable() {
        return restartable;
    }

    /** Whether it had a place before. */
    public boolean isReturning() {
        return returning;
    }

    /** The host that it was to be started on if its own is lost; {@link HostTable#UNKNOWN} if that is not known. */
    public int knownBackup() {
        return knownBackup;
    }

    /** Room that is kept beside what instances hold. */
    public Reserve reserve() {
        return reserve;
    }

    /** VMs of the job in all; 0 if unknown. */
    public int jobSize() {
        return jobSize;
    }

    /** Whether the VM can run on one host only. */
    public boolean isBound() {
        return boundToHost.isPresent();
    }

    /** Id of the host that holds its disks, if any. */
    public Optional<String> boundToHost() {
        return boundToHost;
    }

    /** What is kept there, for messages. */
    public String boundDisk() {
        return boundDisk;
    }

    /** The host that holds its disks; {@link HostTable#UNKNOWN} if it is not bound or the host is not there. */
    public int boundHost() {
        return boundHost;
    }

    /** The host to take if it passes; {@link HostTable#UNKNOWN} if there is none. */
    public int preferredHost() {
        return preferredHost;
    }

    /** Ids of hosts that refused a start lately. */
    public Set<String> avoidedHosts() {
        return avoidedHosts;
    }

    /** Instances that a host may be starting at once; 0: any number. */
    public int startsInFlightMax() {
        return startsInFlightMax;
    }

    /** Other jobs' VMs that keep away from this job's themselves, by domain. */
    public List<Census> repelledBy() {
        return terms.members().repelledBy();
    }

    /**
     * The count that a spread rule measures from: the least among the domains with a host that passes all other rules.
     * Meaningful for the first {@link #decidedSpreads()} rules.
     */
    public int floor(int spread) {
        return floors[spread];
    }

    /** How many spread rules, in their order, take part already. */
    public int decidedSpreads() {
        return decidedSpreads;
    }

    /** Fixes the floor of the next spread rule. */
    public void decideSpread(int floor) {
        floors[decidedSpreads++] = floor;
    }

    /** Forgets the floors: the hosts may have changed. */
    public void undecideSpreads() {
        decidedSpreads = 0;
    }
}
