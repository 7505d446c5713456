package io.kelpie.controller.scheduling.preempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Properties of preemption over clusters from seeds; a failure names the seed. */
class PreemptorPropertyTest {
    private static final PreemptionLimits POOR = new PreemptionLimits(64, 30, 10);

    @Test
    void noSetOfVmsOnAnyHostCostsLess() {
        int found = 0;
        int refused = 0;
        for (long seed = 0; seed < 800; seed++) {
            RandomPlaces random = new RandomPlaces(seed, true);
            Cluster cluster = random.cluster();
            TestVm request = random.request();
            if (cluster.engine().hasPlace(request)) {
                continue;
            }
            Optional<Preemption> preemption = cluster.engine().find(request);
            Optional<BruteForce.Cost> cost = preemption.map(some -> BruteForce.Cost.of(victims(cluster, some)));
            assertThat(cost).as("seed %d", seed).isEqualTo(new BruteForce(cluster, request).best());
            found += preemption.isPresent() ? 1 : 0;
            refused += preemption.isPresent() ? 0 : 1;
        }
        assertThat(found).isGreaterThan(300);
        assertThat(refused).isGreaterThan(100);
    }

    @Test
    void thePlanPassesEveryRuleAndEveryVictimIsNeeded() {
        check(PreemptionLimits.DEFAULT);
    }

    @Test
    void theSameWithSoLittleEffortThatSetsAreMadeGreedily() {
        check(POOR);
    }

    private static void check(PreemptionLimits limits) {
        int found = 0;
        int several = 0;
        for (long seed = 0; seed < 800; seed++) {
            RandomPlaces random = new RandomPlaces(seed, false);
            Cluster cluster = random.cluster();
            TestVm request = random.request();
            Cluster.Engine engine = new Cluster.Engine(cluster, seed, limits);
            if (engine.hasPlace(request)) {
                continue;
            }
            Optional<Preemption> preemption = engine.find(request);
            if (preemption.isEmpty()) {
                NoPreemption why = engine.preemptor.whyNot(engine.ask(request));
                assertThat(why.hosts()).as("seed %d", seed).isEqualTo(cluster.hosts.size());
                continue;
            }
            found++;
            several += preemption.get().victims().size() > 1 ? 1 : 0;
            checkVictims(cluster, request, preemption.get(), seed);
            checkOutcome(cluster, request, preemption.get(), seed);
        }
        assertThat(found).isGreaterThan(300);
        assertThat(several).isGreaterThan(50);
    }

    private static void checkVictims(Cluster cluster, TestVm request, Preemption preemption, long seed) {
        Map<JobKey, Integer> ended = new HashMap<>();
        for (TestVm victim : victims(cluster, preemption)) {
            assertThat(victim.priority()).as("seed %d, %s", seed, victim).isLessThan(request.priority());
            assertThat(cluster.leaving).as("seed %d, %s", seed, victim).doesNotContain(victim.id());
            ended.merge(victim.job(), 1, Integer::sum);
        }
        for (JobBudget budget : cluster.budgets) {
            assertThat(ended.getOrDefault(budget.job(), 0))
                    .as("seed %d, job %s", seed, budget.job())
                    .isLessThanOrEqualTo(budget.maxUnavailable());
        }
    }

    private static void checkOutcome(Cluster cluster, TestVm request, Preemption preemption, long seed) {
        List<UUID> gone = new ArrayList<>(preemption.awaited());
        preemption.victims().forEach(victim -> gone.add(victim.vmId()));
        assertThat(passesWithout(cluster, gone, request, preemption.hostId()))
                .as("seed %d, %s on %s", seed, request, preemption.hostId())
                .isTrue();
        for (Victim victim : preemption.victims()) {
            Set<UUID> others = new HashSet<>(gone);
            others.remove(victim.vmId());
            assertThat(passesWithout(cluster, others, request, preemption.hostId()))
                    .as("seed %d, with %s still there", seed, cluster.vm(victim.vmId()))
                    .isFalse();
        }
    }

    /** Whether the host passes once these VMs are gone. */
    private static boolean passesWithout(Cluster cluster, Collection<UUID> gone, TestVm request, String hostId) {
        Cluster.Engine engine = cluster.engine();
        gone.forEach(vmId -> engine.end(cluster.vm(vmId)));
        return engine.passes(request, hostId);
    }

    @Test
    void theAnswerDependsOnStateAndSeedAloneAndNothingIsChanged() {
        int found = 0;
        for (long seed = 0; seed < 300; seed++) {
            RandomPlaces random = new RandomPlaces(seed, true);
            Cluster cluster = random.cluster();
            TestVm request = random.request();
            Cluster.Engine one = Cluster.Engine.shuffled(cluster, seed, new Random(1));
            Cluster.Engine other = Cluster.Engine.shuffled(cluster, seed, new Random(2));
            if (one.hasPlace(request)) {
                continue;
            }
            String before = Fingerprint.of(one);
            Optional<Preemption> answer = one.find(request);
            assertThat(Fingerprint.of(one)).as("seed %d", seed).isEqualTo(before);
            assertThat(other.find(request).map(PreemptorPropertyTest::outline))
                    .as("seed %d", seed)
                    .isEqualTo(answer.map(PreemptorPropertyTest::outline));
            one.preemptor.whyNot(one.ask(request));
            assertThat(Fingerprint.of(one)).as("seed %d", seed).isEqualTo(before);
            assertThat(one.hasPlace(request)).as("seed %d", seed).isFalse();
            assertThat(one.find(request)).as("seed %d", seed).isEqualTo(answer);
            found += answer.isPresent() ? 1 : 0;
        }
        assertThat(found).isGreaterThan(100);
    }

    /** Without the numbers of the instances, which tell in what order they came. */
    private static List<Object> outline(Preemption preemption) {
        return List.of(
                preemption.hostId(),
                preemption.victims().stream().map(Victim::vmId).toList(),
                preemption.awaited(),
                preemption.hostsTried(),
                preemption.steps());
    }

    private static List<TestVm> victims(Cluster cluster, Preemption preemption) {
        return preemption.victims().stream()
                .map(victim -> cluster.vm(victim.vmId()))
                .toList();
    }
}
