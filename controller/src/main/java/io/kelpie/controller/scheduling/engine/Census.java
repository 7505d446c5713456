package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.SpreadRule;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many VMs are in each domain of one kind: those of one job, or those that keep away from one job. Belongs to one
 * thread.
 */
public final class Census {
    /** The partition of a VM whose job has none. */
    public static final int NO_PARTITION = -1;

    private final @Nullable Domains domains; // null: each host is a domain
    private final IntCounts byHost; // kept by the owner, shared
    private final int partitions;
    private final Map<Integer, IntCounts> byPartition; // those that had VMs, then by domain
    private final IntCounts byDomain;

    /**
     * @param partitions into how many partitions VMs are told apart by their ordinals; 0: they are not
     */
    Census(@Nullable Domains domains, IntCounts byHost, int partitions) {
        this.domains = domains;
        this.byHost = byHost;
        this.partitions = partitions;
        byPartition = partitions == 0 ? Map.of() : new HashMap<>();
        byDomain = domains == null ? byHost : new IntCounts();
    }

    /** What the domains are: {@code host}, or a label. */
    public String by() {
        return domains == null ? SpreadRule.HOST : domains.label();
    }

    public @Nullable Domains domains() {
        return domains;
    }

    public IntCounts byHost() {
        return byHost;
    }

    /** Into how many partitions VMs are told apart; 0: they are not. */
    int partitions() {
        return partitions;
    }

    /** The domain of a host; {@link Domains#NONE} if it lacks the label. */
    public int domainOf(int host) {
        return domains == null ? host : domains.of(host);
    }

    /** For messages. */
    public String nameOf(int domain, HostTable hosts) {
        return domains == null ? hosts.view(domain).name() : domains.name(domain);
    }

    /** Domains with at least one VM. */
    public int occupied() {
        return byDomain.size();
    }

    /** VMs by domain. */
    IntCounts byDomain() {
        return byDomain;
    }

    /** VMs in a domain. */
    public int count(int domain) {
        return byDomain.get(domain);
    }

    /** The lowest count of a domain with hosts that is at least this much, or -1. */
    int lowest(HostTable hosts, int least) {
        if (least == 0 && occupied() < (domains == null ? hosts.count() : domains.inUse())) {
            return 0;
        }
        int lowest = Integer.MAX_VALUE;
        for (int slot = 0; slot < byDomain.slots(); slot++) {
            int domain = byDomain.keyAt(slot);
            if (domain >= 0 && (domains == null || !domains.hosts(domain).isEmpty())) {
                int count = byDomain.get(domain);
                lowest = count >= Math.max(1, least) ? Math.min(lowest, count) : lowest;
            }
        }
        return lowest == Integer.MAX_VALUE ? -1 : lowest;
    }

    /** VMs in the host's domain that are on other hosts of it. */
    public int countElsewhere(int host) {
        int domain = domainOf(host);
        return domains == null || domain == Domains.NONE ? 0 : count(domain) - byHost.get(host);
    }

    /** VMs in a domain that are not of this partition. */
    public int countOfOthers(int domain, int partition) {
        IntCounts own = byPartition.get(partition);
        return count(domain) - (own == null ? 0 : own.get(domain));
    }

    /** The lowest partition beside this one that has VMs in a domain, or {@link #NO_PARTITION}. */
    public int otherPartition(int domain, int partition) {
        return byPartition.entrySet().stream()
                .filter(other -> other.getKey() != partition && other.getValue().get(domain) > 0)
                .mapToInt(Map.Entry::getKey)
                .min()
                .orElse(NO_PARTITION);
    }

    /** Counts the VMs that are there by now; for a new census that tells no partitions apart. */
    void addAll() {
        for (int slot = 0; domains != null && slot < byHost.slots(); slot++) {
            int host = byHost.keyAt(slot);
            if (host >= 0 && domains.of(host) != Domains.NONE) {
                byDomain.add(domains.of(host), byHost.get(host));
            }
        }
    }

    /** A VM comes to a host or leaves it; {@link #byHost} is the owner's business. */
    void add(int host, int amount, int ordinal) {
        int domain = domainOf(host);
        if (domain == Domains.NONE) {
            return;
        }
        if (domains != null) {
            byDomain.add(domain, amount);
        }
        if (partitions > 0) {
            byPartition
                    .computeIfAbsent(ordinal % partitions, any -> new IntCounts())
                    .add(domain, amount);
        }
    }

    /** Forgets the counts by label, which are to be made anew; those by host stay: no host becomes another. */
    void clear() {
        if (domains != null) {
            byDomain.clear();
            if (partitions > 0) {
                byPartition.clear();
            }
        }
    }

    /** A VM that was there before {@link #clear}. */
    void recount(int host, int ordinal) {
        if (domains != null) {
            add(host, 1, ordinal);
        }
    }
}
