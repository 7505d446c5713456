package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Tries every set of VMs of every host, with rules of its own: vCPUs, memory, devices, labels, cordons, affinity and
 * anti-affinity. Knows nothing of the engine.
 */
final class BruteForce {
    private final Cluster cluster;
    private final TestVm request;

    /** What is compared: how many, the highest priority, the sum, and the age of the oldest. */
    record Cost(int victims, int highest, int sum, long oldestSince) implements Comparable<Cost> {
        static Cost of(List<TestVm> victims) {
            return new Cost(
                    victims.size(),
                    victims.stream().mapToInt(vm -> vm.priority()).max().orElse(-1),
                    victims.stream().mapToInt(vm -> vm.priority()).sum(),
                    victims.stream().mapToLong(vm -> vm.since()).min().orElse(Long.MAX_VALUE));
        }

        @Override
        public int compareTo(Cost other) {
            return Comparator.comparingInt(Cost::victims)
                    .thenComparingInt(Cost::highest)
                    .thenComparingInt(Cost::sum)
                    .thenComparing(Comparator.comparingLong(Cost::oldestSince).reversed())
                    .compare(this, other);
        }
    }

    BruteForce(Cluster cluster, TestVm request) {
        this.cluster = cluster;
        this.request = request;
    }

    Optional<Cost> best() {
        Cost best = null;
        for (TestHost host : cluster.hosts) {
            List<TestVm> endable = cluster.placed.stream()
                    .filter(each -> each.hostName().equals(host.name()))
                    .map(Cluster.Placed::vm)
                    .filter(vm -> vm.priority() < request.priority())
                    .filter(vm -> !cluster.leaving.contains(vm.id()))
                    .filter(vm -> request.rules().affinity().stream()
                            .noneMatch(rule -> rule.job().equals(vm.job())))
                    .toList();
            for (int bits = 0; bits < 1 << endable.size(); bits++) {
                List<TestVm> victims = new ArrayList<>();
                for (int i = 0; i < endable.size(); i++) {
                    if ((bits & 1 << i) != 0) {
                        victims.add(endable.get(i));
                    }
                }
                Cost cost = Cost.of(victims);
                if ((best == null || cost.compareTo(best) < 0) && keepsBudgets(victims) && passes(host, victims)) {
                    best = cost;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    boolean keepsBudgets(List<TestVm> victims) {
        for (JobBudget budget : cluster.budgets) {
            long ended =
                    victims.stream().filter(vm -> vm.job().equals(budget.job())).count();
            if (ended > budget.maxUnavailable()) {
                return false;
            }
        }
        return true;
    }

    /** Whether the request can be on the host when the victims and what leaves there are gone. */
    boolean passes(TestHost host, List<TestVm> victims) {
        if (host.traits().cordoned()) {
            return false;
        }
        for (LabelRequirement wanted : request.rules().require()) {
            if (!wanted.in().contains(host.traits().labels().get(wanted.label()))) {
                return false;
            }
        }
        Set<UUID> gone = new HashSet<>();
        victims.forEach(vm -> gone.add(vm.id()));
        int vcpus = request.shape().vcpus();
        long memoryMib = request.shape().guestMemoryMib();
        int gpus = request.shape().devices().getOrDefault("gpu", 0);
        boolean asksForGpu = gpus > 0;
        for (Cluster.Placed each : cluster.placed) {
            boolean here = each.hostName().equals(host.name());
            TestVm vm = each.vm();
            if (here && (gone.contains(vm.id()) || cluster.leaving.contains(vm.id()))) {
                continue;
            }
            if (repels(request, vm.job(), host, each.hostName()) || repels(vm, request.job(), host, each.hostName())) {
                return false;
            }
            if (here) {
                vcpus += vm.shape().vcpus();
                memoryMib += vm.shape().guestMemoryMib();
                gpus += vm.shape().devices().getOrDefault("gpu", 0);
            }
        }
        boolean near = request.rules().affinity().stream()
                .allMatch(rule -> cluster.placed.stream()
                        .anyMatch(each -> each.vm().job().equals(rule.job())
                                && sameDomain(rule.by(), host.name(), each.hostName())
                                && !(each.hostName().equals(host.name())
                                        && cluster.leaving.contains(each.vm().id()))));
        return near
                && vcpus <= host.size().cpus()
                && memoryMib <= host.size().memoryMib()
                && (!asksForGpu || gpus <= host.size().devices().getOrDefault("gpu", 0));
    }

    private boolean repels(TestVm vm, JobKey job, TestHost host, String otherHost) {
        for (AffinityRule rule : vm.rules().antiAffinity()) {
            if (rule.job().equals(job) && sameDomain(rule.by(), host.name(), otherHost)) {
                return true;
            }
        }
        return false;
    }

    private boolean sameDomain(String by, String one, String other) {
        return by.equals("host")
                ? one.equals(other)
                : Objects.equals(
                        named(one).traits().labels().get(by),
                        named(other).traits().labels().get(by));
    }

    private TestHost named(String name) {
        return cluster.hosts.stream()
                .filter(host -> host.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
