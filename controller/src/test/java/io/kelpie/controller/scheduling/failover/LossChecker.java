package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.TestHost;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Loses each host in turn, puts every VM of it on its backup, and says what is wrong with that. Shares nothing with the
 * engine: it asks it for the backups alone.
 */
final class LossChecker {
    private final Cluster cluster;
    private final List<String> wrong = new ArrayList<>();
    private final Map<Placed, String> places = new HashMap<>();
    private final Map<String, Amounts> free = new HashMap<>();

    private LossChecker(Cluster cluster) {
        this.cluster = cluster;
        cluster.hosts().forEach((name, host) -> {
            Amounts left = Amounts.of(host.size());
            left.add(cluster.held(name), -1);
            free.put(name, left);
        });
    }

    static List<String> check(Cluster cluster) {
        LossChecker checker = new LossChecker(cluster);
        cluster.hosts().keySet().forEach(checker::lose);
        return checker.wrong;
    }

    private void lose(String lost) {
        places.clear();
        List<Placed> victims = new ArrayList<>();
        Map<String, Amounts> left = new HashMap<>();
        for (Placed vm : cluster.placed()) {
            if (!vm.host().equals(lost)) {
                places.put(vm, vm.host());
            } else if (vm.request().restartable()) {
                Optional<String> backup = cluster.backupNow(vm);
                if (backup.isPresent()) {
                    victims.add(vm);
                    places.put(vm, backup.get());
                }
            }
        }
        for (Placed victim : victims) {
            String backup = Objects.requireNonNull(places.get(victim));
            if (backup.equals(lost)) {
                say(lost, victim, "has its backup there");
            }
            int mask = cluster.backups().numaMask(victim.instance());
            if (Integer.bitCount(mask) != victim.request().shape().numaNodes()) {
                say(lost, victim, "has not its NUMA nodes on " + backup);
            }
            left.computeIfAbsent(
                            backup,
                            name -> Objects.requireNonNull(free.get(name)).copy())
                    .add(Amounts.of(victim.size(), mask), -1);
            checkRules(lost, victim, Objects.requireNonNull(cluster.hosts().get(backup)));
        }
        left.forEach((name, amounts) ->
                amounts.missing().forEach(missing -> wrong.add("without " + lost + ", " + name + " lacks " + missing)));
    }

    private void checkRules(String lost, Placed victim, TestHost backup) {
        if (backup.traits().cordoned()) {
            say(lost, victim, "would go to " + backup.name() + ", which is cordoned");
        }
        for (LabelRequirement label : victim.rules().require()) {
            if (!label.in().contains(backup.traits().labels().getOrDefault(label.label(), ""))) {
                say(lost, victim, "would go to " + backup.name() + " without label " + label.label());
            }
        }
        for (SpreadRule spread : victim.rules().spread()) {
            if (domain(backup.name(), spread.by()).isEmpty()) {
                say(lost, victim, "would go to " + backup.name() + " without label " + spread.by());
            }
        }
        for (AffinityRule near : victim.rules().affinity()) {
            checkNear(lost, victim, backup, near);
        }
        for (Map.Entry<Placed, String> other : places.entrySet()) {
            if (other.getKey() != victim) {
                checkApart(lost, victim, backup, other.getKey(), other.getValue());
            }
        }
        victim.rules().partitions().ifPresent(rule -> checkPartition(lost, victim, backup, rule));
    }

    private void checkNear(String lost, Placed victim, TestHost backup, AffinityRule rule) {
        String domain = domain(backup.name(), rule.by());
        boolean any = false;
        boolean near = false;
        for (Map.Entry<Placed, String> other : places.entrySet()) {
            if (other.getKey() != victim && other.getKey().job().equals(rule.job())) {
                any = true;
                near |= !domain.isEmpty() && domain(other.getValue(), rule.by()).equals(domain);
            }
        }
        boolean first = !any && rule.job().equals(victim.job()) && !domain.isEmpty();
        if (!near && !first) {
            say(lost, victim, "would go to " + backup.name() + ", away from " + rule.job());
        }
    }

    private void checkApart(String lost, Placed victim, TestHost backup, Placed other, String where) {
        boolean apart = keepsAway(victim, other.job(), backup.name(), where)
                || keepsAway(other, victim.job(), backup.name(), where);
        if (apart) {
            say(lost, victim, "would go to " + backup.name() + ", near " + other.job() + " on " + where);
        }
    }

    private boolean keepsAway(Placed vm, JobKey from, String one, String two) {
        return vm.rules().antiAffinity().stream()
                .anyMatch(rule -> rule.job().equals(from)
                        && !domain(one, rule.by()).isEmpty()
                        && domain(one, rule.by()).equals(domain(two, rule.by())));
    }

    private void checkPartition(String lost, Placed victim, TestHost backup, PartitionRule rule) {
        String domain = domain(backup.name(), rule.by());
        if (domain.isEmpty()) {
            say(lost, victim, "would go to " + backup.name() + " without label " + rule.by());
        }
        places.forEach((other, where) -> {
            if (other.job().equals(victim.job())
                    && other.partition() != victim.partition()
                    && domain(where, rule.by()).equals(domain)) {
                say(lost, victim, "would go to " + backup.name() + ", in the domain of partition " + other.partition());
            }
        });
    }

    /** Empty if the host lacks the label. */
    private String domain(String host, String by) {
        return by.equals(SpreadRule.HOST)
                ? host
                : Objects.requireNonNull(cluster.hosts().get(host))
                        .traits()
                        .labels()
                        .getOrDefault(by, "");
    }

    private void say(String lost, Placed vm, String what) {
        wrong.add("without " + lost + ", " + vm.job() + "-" + vm.request().ordinal() + " " + what);
    }
}
