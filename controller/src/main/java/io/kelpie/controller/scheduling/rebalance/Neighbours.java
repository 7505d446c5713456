package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What a VM's leaving does to those that stay. The engine's rules look at the VM that comes; a move must also not take
 * away the VM that others have to be near to, nor leave a job spread worse than it was. Belongs to one thread.
 */
final class Neighbours {
    /** A job with a required affinity. */
    private record Dependent(JobKey job, String by) {}

    private final Trial trial;
    private final HostTable hosts;
    private final int[] hostOf; // by position
    private final int[] vmsOn; // by host
    private final Map<JobKey, List<Integer>> members = new HashMap<>();
    private final Map<JobKey, List<Dependent>> dependents = new HashMap<>();
    private final Map<String, Set<String>> domainsInUse = new HashMap<>();

    Neighbours(Trial trial) {
        this.trial = trial;
        hosts = trial.inventory().hosts();
        hostOf = new int[trial.size()];
        vmsOn = new int[hosts.limit()];
        for (int position = 0; position < trial.size(); position++) {
            InstanceView vm = trial.view(position);
            hostOf[position] = hosts.hostIndex(vm.hostId());
            if (hostOf[position] != HostTable.UNKNOWN) {
                vmsOn[hostOf[position]]++;
            }
            members.computeIfAbsent(vm.job(), any -> new ArrayList<>()).add(position);
            for (AffinityRule rule : vm.rules().affinity()) {
                if (rule.required() && !rule.job().equals(vm.job())) {
                    addDependent(rule.job(), new Dependent(vm.job(), rule.by()));
                }
            }
        }
    }

    private void addDependent(JobKey job, Dependent dependent) {
        List<Dependent> known = dependents.computeIfAbsent(job, any -> new ArrayList<>());
        if (!known.contains(dependent)) {
            known.add(dependent);
        }
    }

    /** VMs on a host, by the moves so far. */
    int vmsOn(int host) {
        return vmsOn[host];
    }

    /** The VM is on another host. */
    void moved(int position, int host) {
        vmsOn[hostOf[position]]--;
        hostOf[position] = host;
        vmsOn[host]++;
    }

    /** Why the VM may not leave for that host, in words; empty if nobody minds. */
    Optional<String> objection(int position, int target, PlacementRules rules) {
        for (Dependent dependent : dependents.getOrDefault(trial.view(position).job(), List.of())) {
            if (isNeeded(position, target, dependent)) {
                return Optional.of("is the last of its job in a " + dependent.by() + " where VMs of job "
                        + dependent.job() + " have to be near it");
            }
        }
        for (SpreadRule rule : rules.spread()) {
            if (spreadsWorse(position, target, rule)) {
                return Optional.of("leaves its job spread worse by " + rule.by());
            }
        }
        return Optional.empty();
    }

    private boolean isNeeded(int position, int target, Dependent dependent) {
        String here = domain(hostOf[position], dependent.by());
        if (here == null || here.equals(domain(target, dependent.by()))) {
            return false;
        }
        return isAny(dependent.job(), here, dependent.by(), other -> true)
                && !isAny(trial.view(position).job(), here, dependent.by(), other -> other != position);
    }

    private boolean isAny(JobKey job, String domain, String by, IntPredicate which) {
        for (int member : members.getOrDefault(job, List.of())) {
            if (which.test(member) && domain.equals(domain(hostOf[member], by))) {
                return true;
            }
        }
        return false;
    }

    private boolean spreadsWorse(int position, int target, SpreadRule rule) {
        String from = domain(hostOf[position], rule.by());
        String to = domain(target, rule.by());
        if (from == null || to == null || from.equals(to)) {
            return false;
        }
        Map<String, Integer> counts = new TreeMap<>();
        domainsInUse(rule.by()).forEach(domain -> counts.put(domain, 0));
        for (int member : members.getOrDefault(trial.view(position).job(), List.of())) {
            String domain = domain(hostOf[member], rule.by());
            if (domain != null) {
                counts.merge(domain, 1, Integer::sum);
            }
        }
        if (counts.getOrDefault(to, 0) < counts.getOrDefault(from, 0)) {
            return false;
        }
        counts.merge(from, -1, Integer::sum);
        counts.merge(to, 1, Integer::sum);
        return Collections.max(counts.values()) - Collections.min(counts.values()) > rule.maxSkew();
    }

    private Set<String> domainsInUse(String by) {
        return domainsInUse.computeIfAbsent(by, any -> {
            Set<String> names = new TreeSet<>();
            for (int host = 0; host < hosts.limit(); host++) {
                String domain = hosts.exists(host) ? domain(host, by) : null;
                if (domain != null) {
                    names.add(domain);
                }
            }
            return names;
        });
    }

    private @Nullable String domain(int host, String by) {
        if (host == HostTable.UNKNOWN) {
            return null;
        }
        return by.equals(SpreadRule.HOST)
                ? hosts.view(host).id()
                : hosts.view(host).traits().labels().get(by);
    }

    /** Whether a rule of one of the jobs looks at VMs of the other, so that their VMs do not move at the same time. */
    static boolean areRelated(JobKey job, PlacementRules rules, JobKey other, PlacementRules otherRules) {
        return names(job, rules, other) || names(other, otherRules, job);
    }

    private static boolean names(JobKey job, PlacementRules rules, JobKey other) {
        if (job.equals(other)
                && (!rules.spread().isEmpty() || rules.partitions().isPresent())) {
            return true;
        }
        return names(rules.affinity(), other) || names(rules.antiAffinity(), other);
    }

    private static boolean names(List<AffinityRule> rules, JobKey job) {
        return rules.stream().anyMatch(rule -> rule.required() && rule.job().equals(job));
    }
}
