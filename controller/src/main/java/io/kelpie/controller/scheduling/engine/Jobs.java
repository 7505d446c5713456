package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.HostView;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of the {@link Inventory}: where the VMs of each are, by host and by domain, and their rules about each other.
 * A job is there as long as anything refers to it: an instance, another job's rules, a request, a budget. Then it is
 * forgotten; as nothing of it counts any more, nobody can tell when. Belongs to one thread.
 */
final class Jobs {
    private final HostTable hosts;
    private final Instances instances;
    private final Map<String, Domains> domains = new HashMap<>();
    private final Map<JobKey, Entry> entries = new HashMap<>();
    private final ReferenceQueue<JobMembers> forgotten = new ReferenceQueue<>();
    private final Set<JobMembers> withBudget = new HashSet<>();

    /** Lets a job go that nothing else refers to. */
    private static final class Entry extends WeakReference<JobMembers> {
        private final JobKey key;

        Entry(JobMembers members, ReferenceQueue<JobMembers> queue) {
            super(members, queue);
            key = members.key();
        }
    }

    Jobs(HostTable hosts, Instances instances) {
        this.hosts = hosts;
        this.instances = instances;
    }

    /** Jobs that are not forgotten yet. */
    int count() {
        forget();
        return entries.size();
    }

    JobMembers members(JobKey job) {
        Entry entry = entries.get(job);
        JobMembers known = entry == null ? null : entry.get();
        if (known != null) {
            return known;
        }
        forget();
        JobMembers members = new JobMembers(job);
        entries.put(job, new Entry(members, forgotten));
        return members;
    }

    private void forget() {
        for (Reference<?> gone = forgotten.poll(); gone != null; gone = forgotten.poll()) {
            if (gone instanceof Entry entry) {
                entries.remove(entry.key, entry); // unless the job has come again
            }
        }
    }

    /** How many of its VMs may be ended from now on; the job is not forgotten before it has VMs. */
    void allow(JobMembers members, int endable) {
        boolean changes = members.endable() > 0 != endable > 0;
        members.endable(endable);
        if (endable == Integer.MAX_VALUE) {
            withBudget.remove(members);
        } else {
            withBudget.add(members);
        }
        if (changes) {
            IntCounts byHost = members.byHost();
            for (int slot = 0; slot < byHost.slots(); slot++) {
                if (byHost.keyAt(slot) >= 0) {
                    instances.changed(byHost.keyAt(slot));
                }
            }
        }
    }

    // ---- counts

    /** A VM comes to a host or leaves it: all who count it are told. */
    void count(JobTerms terms, int ordinal, int host, int amount) {
        JobMembers members = terms.members();
        members.add(host, amount, ordinal);
        for (int i = 0; i < terms.antiAffinity().size(); i++) {
            JobTerms.Affinity away = terms.antiAffinity().get(i);
            if (away.required() && !away.self()) {
                Census repelled = repelledBy(away.of(), away.census().by());
                repelled.byHost().add(host, amount);
                repelled.add(host, amount, ordinal);
                away.of().watchedBy(members, members.total() > 0);
            }
        }
        for (int i = 0; i < terms.affinity().size(); i++) {
            JobTerms.Affinity near = terms.affinity().get(i);
            if (near.required() && !near.self()) {
                near.of().watchedBy(members, members.total() > 0);
            }
        }
    }

    /** The label of a host may have another value than before. Returns whether it has, of any that matters. */
    boolean put(int host, HostView view) {
        boolean moved = false;
        for (Domains kind : domains.values()) {
            int before = kind.of(host);
            kind.put(host, view.traits().labels().get(kind.label()));
            moved |= before != kind.of(host);
        }
        return moved;
    }

    void remove(int host) {
        domains.values().forEach(kind -> kind.put(host, null));
    }

    /** A host with instances has another label: all counts by domain are made anew. */
    void recount() {
        for (Entry entry : entries.values()) {
            JobMembers members = entry.get();
            if (members != null) {
                for (Census census : members.censuses()) {
                    census.clear();
                }
                members.repelledBy().forEach(Census::clear);
            }
        }
        instances.forEach(this::recount);
    }

    private void recount(int instance) {
        JobTerms terms = instances.ofJob(instance).terms();
        int host = instances.host(instance);
        int ordinal = instances.ordinal(instance);
        for (Census census : terms.members().censuses()) {
            census.recount(host, ordinal);
        }
        for (JobTerms.Affinity away : terms.antiAffinity()) {
            if (away.required() && !away.self()) {
                repelledBy(away.of(), away.census().by()).recount(host, ordinal);
            }
        }
    }

    // ---- rules

    /** A job's rules about other VMs. */
    JobTerms terms(JobMembers members, PlacementRules rules) {
        List<JobTerms.Spread> spread = spreads(members, rules.spread());
        List<JobTerms.Affinity> away = affinities(members, rules.antiAffinity());
        for (JobTerms.Affinity rule : away) {
            if (rule.required() && !rule.self()) {
                members.watchedBy(rule.of(), true);
            }
        }
        return new JobTerms(
                rules,
                members,
                spread,
                affinities(members, rules.affinity()),
                away,
                rules.partitions()
                        .map(rule -> List.of(
                                new JobTerms.Partitions(rule.count(), census(members, rule.by(), rule.count()))))
                        .orElse(List.of()));
    }

    private List<JobTerms.Spread> spreads(JobMembers members, List<SpreadRule> rules) {
        if (rules.isEmpty()) {
            return List.of();
        }
        List<JobTerms.Spread> resolved = new ArrayList<>(rules.size());
        for (SpreadRule rule : rules) {
            resolved.add(new JobTerms.Spread(rule, census(members, rule.by(), 0)));
        }
        return List.copyOf(resolved);
    }

    private List<JobTerms.Affinity> affinities(JobMembers members, List<AffinityRule> rules) {
        if (rules.isEmpty()) {
            return List.of();
        }
        List<JobTerms.Affinity> resolved = new ArrayList<>(rules.size());
        for (AffinityRule rule : rules) {
            boolean self = rule.job().equals(members.key());
            JobMembers of = self ? members : members(rule.job());
            resolved.add(new JobTerms.Affinity(rule.job(), rule.required(), self, of, census(of, rule.by(), 0)));
        }
        return List.copyOf(resolved);
    }

    private Census census(JobMembers members, String by, int partitions) {
        Census known = members.census(by, partitions);
        if (known != null) {
            return known;
        }
        Census census = members.newCensus(domainsOf(by), partitions);
        if (partitions == 0) {
            census.addAll();
        } else {
            instances.forEachOf(
                    members, instance -> census.add(instances.host(instance), 1, instances.ordinal(instance)));
        }
        return census;
    }

    /** Where VMs are that keep away from a job by a kind of domain. */
    private Census repelledBy(JobMembers members, String by) {
        Census known = members.repelledBy(by);
        return known != null ? known : members.newRepelledBy(domainsOf(by));
    }

    private @Nullable Domains domainsOf(String by) {
        return by.equals(SpreadRule.HOST) ? null : domains(by);
    }

    private Domains domains(String label) {
        return domains.computeIfAbsent(label, any -> {
            Domains kind = new Domains(label);
            for (int host = 0; host < hosts.limit(); host++) {
                if (hosts.exists(host)) {
                    kind.put(host, hosts.view(host).traits().labels().get(label));
                }
            }
            return kind;
        });
    }
}
