package io.kelpie.it.benchmark.peer;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelPreference;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The rules of the workload in the plainest form, for peers that take rules as code. Left out are NUMA nodes, hugepages,
 * images, starts in flight and rules about other jobs, which makes the peers' work easier. A job's seats must be numbers
 * of hosts. {@link #traits} belongs to one thread, the rest to any as long as no seat is changed.
 */
public final class PeerRules {
    private static final boolean[] NO_PREFERENCE = {};

    private record TraitKey(List<LabelRequirement> require, List<Toleration> tolerations, Optional<String> cpuModel) {}

    private final ChurnPool pool;
    private final Map<String, Domains> domains = new HashMap<>();
    private final Map<TraitKey, boolean[]> traits = new HashMap<>();
    private final Map<List<LabelPreference>, boolean[]> preferred = new HashMap<>();

    /** Domains of one kind: by host, and how many there are. */
    private static final class Domains {
        private final int[] ofHost;
        private final int count;

        Domains(int[] ofHost, int count) {
            this.ofHost = ofHost;
            this.count = count;
        }
    }

    public PeerRules(ChurnPool pool) {
        this.pool = pool;
        for (String by : List.of(ChurnPool.RACK, ChurnPool.ZONE)) {
            Map<String, Integer> known = new HashMap<>();
            int[] ofHost = new int[pool.hosts().size()];
            for (int host = 0; host < ofHost.length; host++) {
                String value = pool.hosts().get(host).traits().labels().getOrDefault(by, "");
                ofHost[host] = known.computeIfAbsent(value, unused -> known.size());
            }
            domains.put(by, new Domains(ofHost, known.size()));
        }
        int[] itself = new int[pool.hosts().size()];
        for (int host = 0; host < itself.length; host++) {
            itself[host] = host;
        }
        domains.put(SpreadRule.HOST, new Domains(itself, itself.length));
    }

    /** By host: whether it is of the right kind, however full. The same array for the same wishes; not to be changed. */
    public boolean[] traits(ChurnJob job) {
        PlacementRequest request = job.request(0);
        PlacementRules rules = request.rules();
        return traits.computeIfAbsent(
                new TraitKey(
                        rules.require(), rules.tolerations(), request.shape().cpuModel()),
                key -> {
                    boolean[] passes = new boolean[pool.hosts().size()];
                    for (int host = 0; host < passes.length; host++) {
                        passes[host] = passes(key, pool.hosts().get(host));
                    }
                    return passes;
                });
    }

    private static boolean passes(TraitKey key, HostView host) {
        HostTraits traits = host.traits();
        return traits.ready()
                && !traits.cordoned()
                && !traits.draining()
                && traits.pagingMode() != PagingMode.SHADOW
                && key.cpuModel().map(traits.cpuModels()::contains).orElse(true)
                && traits.taints().stream()
                        .allMatch(taint -> key.tolerations().stream().anyMatch(one -> one.tolerates(taint)))
                && key.require().stream()
                        .allMatch(wish -> wish.in().contains(traits.labels().getOrDefault(wish.label(), "")));
    }

    /** By host: whether it has the preferred labels; empty if there is no preference. Not to be changed. */
    public boolean[] preferred(ChurnJob job) {
        List<LabelPreference> wishes = job.request(0).rules().prefer();
        if (wishes.isEmpty()) {
            return NO_PREFERENCE;
        }
        return preferred.computeIfAbsent(wishes, key -> {
            boolean[] has = new boolean[pool.hosts().size()];
            for (int host = 0; host < has.length; host++) {
                Map<String, String> labels = pool.hosts().get(host).traits().labels();
                has[host] = key.stream().allMatch(wish -> wish.in().contains(labels.getOrDefault(wish.label(), "")));
            }
            return has;
        });
    }

    /** Whether the job's rules about its own VMs allow one on a host, by where the others are. */
    public boolean allows(ChurnJob job, int vm, int host) {
        PlacementRules rules = job.request(vm).rules();
        JobKey key = job.request(vm).job();
        for (SpreadRule rule : rules.spread()) {
            if (!spreads(job, rule, host)) {
                return false;
            }
        }
        for (AffinityRule rule : rules.affinity()) {
            if (rule.required() && rule.job().equals(key) && !isTogether(job, rule.by(), host)) {
                return false;
            }
        }
        for (AffinityRule rule : rules.antiAffinity()) {
            if (rule.required() && rule.job().equals(key) && members(job, rule.by(), host) > 0) {
                return false;
            }
        }
        return rules.partitions().isEmpty()
                || isOwnPartition(job, vm, rules.partitions().get(), host);
    }

    private boolean spreads(ChurnJob job, SpreadRule rule, int host) {
        Domains kind = kind(rule.by());
        int floor = 0;
        if (job.placed() >= kind.count) { // else a domain is empty
            int[] counts = new int[kind.count];
            for (int vm = 0; vm < job.vms(); vm++) {
                if (job.seat(vm) != ChurnJob.NOWHERE) {
                    counts[kind.ofHost[job.seat(vm)]]++;
                }
            }
            floor = Integer.MAX_VALUE;
            for (int count : counts) {
                floor = Math.min(floor, count);
            }
        }
        return members(job, rule.by(), host) - floor < rule.maxSkew();
    }

    private boolean isTogether(ChurnJob job, String by, int host) {
        return job.placed() == 0 || members(job, by, host) > 0;
    }

    private boolean isOwnPartition(ChurnJob job, int vm, PartitionRule rule, int host) {
        int[] ofHost = kind(rule.by()).ofHost;
        for (int other = 0; other < job.vms(); other++) {
            if (job.seat(other) != ChurnJob.NOWHERE
                    && ofHost[job.seat(other)] == ofHost[host]
                    && other % rule.count() != vm % rule.count()) {
                return false;
            }
        }
        return true;
    }

    /** VMs of the job in a host's domain. */
    private int members(ChurnJob job, String by, int host) {
        int[] ofHost = kind(by).ofHost;
        int members = 0;
        for (int vm = 0; vm < job.vms(); vm++) {
            if (job.seat(vm) != ChurnJob.NOWHERE && ofHost[job.seat(vm)] == ofHost[host]) {
                members++;
            }
        }
        return members;
    }

    private Domains kind(String by) {
        Domains kind = domains.get(by);
        if (kind == null) {
            throw new IllegalArgumentException("the workload spreads by " + by);
        }
        return kind;
    }
}
