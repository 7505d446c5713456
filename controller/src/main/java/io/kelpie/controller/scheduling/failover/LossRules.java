package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.IntCounts;
import io.kelpie.controller.scheduling.engine.IntList;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.JobMembers;
import io.kelpie.controller.scheduling.engine.JobTerms;
import io.kelpie.controller.scheduling.engine.JobTerms.Affinity;
import io.kelpie.controller.scheduling.engine.JobTerms.Spread;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The rules about other VMs as they will be judged when a host is lost: the VMs on it are gone, or where their backups
 * are. Two VMs of one host are mostly not kept apart by any rule, for they are in one domain of every kind already; but
 * a host may lack the label that a rule looks at, or have got another one since. Belongs to one thread.
 */
final class LossRules {
    private static final int NONE = Inventory.NO_INSTANCE;

    private final Inventory inventory;
    private final HostTable hosts;
    private final IntUnaryOperator backupOf;
    private final IntList fellows =
            new IntList(); // backups of the job's other VMs on the lost host, once floors are known
    private final IntList others = new IntList(); // of another job likewise
    private int[] floors = new int[4];
    private boolean floorsKnown;
    private @Nullable Ask ask;
    private int instance;
    private int lost;

    /**
     * @param backupOf an instance's backup
     */
    LossRules(Inventory inventory, IntUnaryOperator backupOf) {
        this.inventory = inventory;
        hosts = inventory.hosts();
        this.backupOf = backupOf;
    }

    /**
     * A VM and the loss of its host are what the next questions are about.
     *
     * @param instanceOfAsk the VM's instance on the host; {@link Inventory#NO_INSTANCE} if it is not there yet
     */
    void begin(Ask request, int instanceOfAsk, int lostHost) {
        ask = request;
        instance = instanceOfAsk;
        lost = lostHost;
        floorsKnown = false;
    }

    private void collectBackups(JobMembers job, IntList into) {
        into.clear();
        for (int other = inventory.firstOn(lost); other != NONE; other = inventory.nextOn(other)) {
            if (other != instance && inventory.askOf(other).terms().members() == job) {
                int backup = backupOf.applyAsInt(other);
                if (backup != HostTable.UNKNOWN) {
                    into.add(backup);
                }
            }
        }
    }

    /** Whether the VM may be started on the host. What spread asks for is left out: it yields where it cannot be met. */
    boolean pass(int host) {
        if (!ask().terms().lookAtOthers()) {
            return true;
        }
        for (int i = 0; i < ask().terms().antiAffinity().size(); i++) {
            Affinity rule = ask().terms().antiAffinity().get(i);
            if (rule.required() && !isApart(rule.census(), rule.of(), host)) {
                return false;
            }
        }
        List<Census> repelledBy = ask().repelledBy();
        for (int i = 0; i < repelledBy.size(); i++) {
            if (!isApart(repelledBy.get(i), null, host)) {
                return false;
            }
        }
        for (int i = 0; i < ask().terms().spread().size(); i++) {
            if (ask().terms().spread().get(i).census().domainOf(host) == Domains.NONE) {
                return false;
            }
        }
        return hasOwnPartition(host) && isNear(host);
    }

    /**
     * @param job whose VMs the census counts; {@code null}: VMs that keep away from this one's job
     */
    private boolean isApart(Census census, @Nullable JobMembers job, int host) {
        int domain = census.domainOf(host);
        if (domain == Domains.NONE) {
            return true;
        }
        if (staying(census, domain) > 0) {
            return false;
        }
        boolean self = instance != NONE && job == ask().terms().members();
        return census.byHost().get(lost) == (self ? 1 : 0) || !hasBackupIn(census, job, domain);
    }

    /** Whether a VM of the job, or one that keeps away, that is lost, too, has its backup in the domain. */
    private boolean hasBackupIn(Census census, @Nullable JobMembers job, int domain) {
        for (int other = inventory.firstOn(lost); other != NONE; other = inventory.nextOn(other)) {
            int backup = other == instance ? HostTable.UNKNOWN : backupOf.applyAsInt(other);
            if (backup != HostTable.UNKNOWN && census.domainOf(backup) == domain) {
                JobTerms terms = inventory.askOf(other).terms();
                if (job == null ? keepsAway(terms, census.by()) : terms.members() == job) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean keepsAway(JobTerms from, String by) {
        for (int i = 0; i < from.antiAffinity().size(); i++) {
            Affinity rule = from.antiAffinity().get(i);
            if (rule.required()
                    && rule.of() == ask().terms().members()
                    && rule.census().by().equals(by)) {
                return true;
            }
        }
        return false;
    }

    /** VMs of a domain that stay there when the host is lost. */
    private int staying(Census census, int domain) {
        return census.count(domain)
                - (census.domainOf(lost) == domain ? census.byHost().get(lost) : 0);
    }

    private boolean hasOwnPartition(int host) {
        if (ask().terms().partitions().isEmpty()) {
            return true;
        }
        Census census = ask().terms().partitions().get(0).census();
        int domain = census.domainOf(host);
        if (domain == Domains.NONE) {
            return false;
        }
        int others = census.countOfOthers(domain, ask().partition());
        if (census.byHost().get(lost) == 0) {
            return others == 0;
        }
        boolean home = census.domainOf(lost) == domain;
        for (int other = inventory.firstOn(lost); other != NONE; other = inventory.nextOn(other)) {
            if (inventory.askOf(other).terms().members() == ask().terms().members()
                    && inventory.askOf(other).partition() != ask().partition()) {
                int backup = backupOf.applyAsInt(other);
                others -= home ? 1 : 0;
                others += backup != HostTable.UNKNOWN && census.domainOf(backup) == domain ? 1 : 0;
            }
        }
        return others == 0;
    }

    private boolean isNear(int host) {
        for (int i = 0; i < ask().terms().affinity().size(); i++) {
            Affinity rule = ask().terms().affinity().get(i);
            if (rule.required() && !isNear(rule, host)) {
                return false;
            }
        }
        return true;
    }

    private boolean isNear(Affinity rule, int host) {
        int domain = rule.census().domainOf(host);
        if (domain == Domains.NONE) {
            return false;
        }
        if (rule.of().total() > rule.of().byHost().get(lost)) {
            return staying(rule.census(), domain) > 0;
        }
        collectBackups(rule.of(), others);
        boolean near = others.isEmpty() && rule.self();
        for (int i = 0; i < others.size(); i++) {
            near |= rule.census().domainOf(others.get(i)) == domain;
        }
        return near;
    }

    /** By how many VMs too many a backup on the host would be uneven; 0: spread is met. The host passes the others. */
    int excess(int host) {
        if (ask().terms().spread().isEmpty()) {
            return 0;
        }
        findFloors();
        int excess = 0;
        for (int i = 0; i < ask().terms().spread().size(); i++) {
            Spread spread = ask().terms().spread().get(i);
            int count = count(spread.census(), spread.census().domainOf(host));
            excess += Math.max(0, count - floors[i] - spread.rule().maxSkew() + 1);
        }
        return excess;
    }

    private int count(Census census, int domain) {
        int count = staying(census, domain);
        for (int i = 0; i < fellows.size(); i++) {
            count += census.domainOf(fellows.get(i)) == domain ? 1 : 0;
        }
        return count;
    }

    /**
     * Collects the hosts where the first spread rule is met.
     *
     * @return false if there is no such rule, or there are more hosts than so many
     */
    boolean collectEven(IntList into, int most) {
        if (ask().terms().spread().isEmpty()) {
            return false;
        }
        Spread spread = ask().terms().spread().get(0);
        Domains domains = spread.census().domains();
        if (domains == null) {
            return false;
        }
        findFloors();
        into.clear();
        for (int domain = 0; domain < domains.count(); domain++) {
            if (count(spread.census(), domain) - floors[0] < spread.rule().maxSkew()) {
                IntList some = domains.hosts(domain);
                if (into.size() + some.size() > most) {
                    return false;
                }
                for (int i = 0; i < some.size(); i++) {
                    into.add(some.get(i));
                }
            }
        }
        return true;
    }

    private void findFloors() {
        if (floorsKnown) {
            return;
        }
        floorsKnown = true;
        collectBackups(ask().terms().members(), fellows);
        int spreads = ask().terms().spread().size();
        if (spreads > floors.length) {
            floors = Arrays.copyOf(floors, spreads);
        }
        for (int i = 0; i < spreads; i++) {
            Census census = ask().terms().spread().get(i).census();
            Domains domains = census.domains();
            floors[i] = domains == null ? lowestOfHosts(census) : lowest(census, domains);
        }
    }

    private int lowest(Census census, Domains domains) {
        int lowest = Integer.MAX_VALUE;
        int home = census.domainOf(lost);
        for (int domain = 0; domain < domains.count(); domain++) {
            int left = domains.hosts(domain).size() - (domain == home ? 1 : 0);
            if (left > 0) {
                lowest = Math.min(lowest, count(census, domain));
            }
        }
        return lowest == Integer.MAX_VALUE ? 0 : lowest;
    }

    private int lowestOfHosts(Census census) {
        IntCounts byHost = census.byHost();
        int taken = byHost.size() - (byHost.get(lost) > 0 ? 1 : 0);
        if (taken + fellows.size() < hosts.count() - 1) {
            return 0;
        }
        int lowest = Integer.MAX_VALUE;
        for (int host = 0; host < hosts.limit(); host++) {
            if (host != lost && hosts.exists(host)) {
                lowest = Math.min(lowest, count(census, host));
            }
        }
        return lowest == Integer.MAX_VALUE ? 0 : lowest;
    }

    private Ask ask() {
        if (ask == null) {
            throw new IllegalStateException("nothing was asked yet");
        }
        return ask;
    }
}
