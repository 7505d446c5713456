package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.queue.QueueFacts.Verdict;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/** Blocks classes of VMs and sets them free when something happens that can help. */
final class Wakeups {
    /** A class that more hosts could help is simply tried: bounds what is kept. */
    private static final int HOSTS_MAX = 64;

    private final HostChecks hosts;
    private final FairOrder order;
    private final BlockedClasses blocked = new BlockedClasses();
    private final Set<String> changedHosts = new LinkedHashSet<>();
    private long checks;

    Wakeups(HostChecks hosts, FairOrder order) {
        this.hosts = hosts;
        this.order = order;
    }

    int blockedClasses() {
        return blocked.size();
    }

    /** Checks of a host against a class so far. */
    long checks() {
        return checks;
    }

    // ---- classes

    /**
     * One of the class found no place.
     *
     * @param tried what it asked for
     * @param at the time on the queue's own clock
     */
    void block(VmClass of, PlacementRequest tried, Verdict verdict, long at) {
        forget(of);
        if (of.check == null) {
            of.check = hosts.check(of.key.example(tried));
        }
        of.wokenBy.clear();
        of.verdict = verdict;
        of.triedAt = at;
        blocked.add(of, of.check);
        pause(of);
    }

    /** The class has no VMs any more, or is not blocked. */
    void forget(VmClass of) {
        if (of.check != null) {
            blocked.remove(of, of.check);
        }
    }

    /** Whether a class may take its turn: one that was woken, only as long as one of the hosts is still good for it. */
    boolean mayTry(VmClass of) {
        if (of.state != VmClass.State.WOKEN) {
            return true;
        }
        Iterator<String> hostIds = of.wokenBy.iterator();
        while (hostIds.hasNext()) {
            if (mayHelp(of, hostIds.next())) {
                return true;
            }
            hostIds.remove();
        }
        pause(of);
        return false;
    }

    private void pause(VmClass of) {
        of.state = VmClass.State.BLOCKED;
        of.lanes.values().forEach(order::hide);
    }

    /** The class takes its turns until one of its VMs finds no place. */
    void free(VmClass of) {
        if (of.state == VmClass.State.READY) {
            return;
        }
        forget(of);
        of.wokenBy.clear();
        of.state = VmClass.State.READY;
        of.lanes.values().forEach(order::show);
    }

    /** The class takes its turns, unless the host cannot help any more by then. */
    private void wake(VmClass of, String hostId) {
        if (of.wokenBy.contains(hostId)) {
            return;
        }
        if (of.wokenBy.size() == HOSTS_MAX) {
            free(of);
            return;
        }
        of.wokenBy.add(hostId);
        of.state = VmClass.State.WOKEN;
        of.lanes.values().forEach(order::show);
    }

    private boolean mayHelp(VmClass of, String hostId) {
        checks++;
        return check(of).mayHelp(hostId);
    }

    private static HostChecks.Check check(VmClass of) {
        return Objects.requireNonNull(of.check);
    }

    // ---- changes

    /** What it can help is found out by {@link #lookAtChangedHosts}. */
    void hostChanged(String hostId) {
        changedHosts.add(hostId);
    }

    /**
     * Sets free what changed hosts can help.
     *
     * @param most checks; a host that was begun is finished, the hosts that are left wait for the next call
     */
    void lookAtChangedHosts(int most) {
        long upTo = checks + most;
        while (!changedHosts.isEmpty() && checks < upTo) {
            String hostId = changedHosts.iterator().next();
            changedHosts.remove(hostId);
            int freeVcpus = hosts.freeVcpus(hostId);
            List<VmClass> helped = new ArrayList<>();
            blocked.forEachWithin(hostId, hosts.freeMemoryMib(hostId), of -> {
                if (check(of).vcpus() <= freeVcpus && mayHelp(of, hostId)) {
                    helped.add(of);
                }
            });
            helped.forEach(of -> wake(of, hostId));
        }
    }

    /** A VM of the job has come to the host. */
    void joined(JobKey job, String hostId) {
        for (VmClass of : blocked.lookingAt(job)) {
            List<AffinityRule> rules = near(of).affinity();
            if (names(rules, job, by -> !by.equals(SpreadRule.HOST))) {
                free(of);
            } else if (names(rules, job, by -> by.equals(SpreadRule.HOST)) && mayHelp(of, hostId)) {
                wake(of, hostId);
            }
        }
    }

    /** A VM of a job with these rules is gone from the host. */
    void left(JobKey job, PlacementRules rules, String hostId) {
        hostChanged(hostId); // finds out what only looks at VMs on the same host
        for (VmClass of : blocked.lookingAt(job)) {
            ClassKey.Near near = near(of);
            boolean own = near.job().equals(job);
            if (names(near.antiAffinity(), job, by -> !by.equals(SpreadRule.HOST))
                    || (own && near.partitions().isPresent())
                    || (own && names(near.affinity(), job, by -> true))) {
                free(of);
            }
        }
        for (AffinityRule rule : rules.antiAffinity()) {
            if (rule.required() && !rule.by().equals(SpreadRule.HOST)) {
                blocked.lookingAt(rule.job()).stream()
                        .filter(of -> near(of).job().equals(rule.job()))
                        .forEach(this::free);
            }
        }
    }

    /** VMs are in other domains than before. */
    void domainsChanged() {
        for (VmClass of : blocked.all()) {
            if (of.key.near().isPresent()) {
                free(of);
            }
        }
    }

    /** VMs of that priority may be ended for others now. */
    void endable(int priority) {
        for (VmClass of : blocked.all()) {
            if (of.key.priority() > priority) {
                free(of);
            }
        }
    }

    void everythingChanged() {
        blocked.all().forEach(this::free);
    }

    /** Sets free classes that were not tried since that time, those first that were not for longest, so many at most. */
    void recheck(long triedUpTo, int most) {
        blocked.triedUpTo(triedUpTo, most).forEach(this::free);
    }

    private static ClassKey.Near near(VmClass of) {
        return of.key.near().orElseThrow();
    }

    private static boolean names(List<AffinityRule> rules, JobKey job, Predicate<String> by) {
        return rules.stream().anyMatch(rule -> rule.job().equals(job) && by.test(rule.by()));
    }
}
