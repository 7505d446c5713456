package io.kelpie.controller.scheduling.rebalance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.whatif.Anyone;
import io.kelpie.controller.scheduling.whatif.MoveRules;
import io.kelpie.controller.scheduling.whatif.RandomClusters;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Properties of rebalances of clusters from seeds; a failure names the seed. */
class RebalancePropertyTest {
    private static final int SEEDS = 80;
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;
    private static final int OVERCOMMIT = POLICY.vcpuOvercommitPercent();

    /** One cluster with a rebalance of it. */
    private record Case(ClusterSnapshot snapshot, Anyone moveRules, Limits limits, Goal goal, RebalancePlan plan) {
        static Case of(long seed, Goal goal) {
            RandomClusters clusters = new RandomClusters(seed);
            ClusterSnapshot snapshot = clusters.snapshot(8 + (int) (seed % 5), 90);
            Anyone moveRules = new Anyone();
            Random random = clusters.random();
            for (String job : clusters.jobs()) {
                if (random.nextInt(3) == 0) {
                    moveRules.of(job, 1 + random.nextInt(2), random.nextInt(2));
                }
                if (random.nextInt(10) == 0) {
                    moveRules.but(job + "-0", "is not to move");
                }
            }
            Limits limits = new Limits(5 + random.nextInt(40), 1 + random.nextInt(4), 300, 1_000_000);
            return new Case(
                    snapshot,
                    moveRules,
                    limits,
                    goal,
                    Rebalancer.plan(snapshot, POLICY, seed, goal, limits, moveRules));
        }

        Books books() {
            return new Books(snapshot, OVERCOMMIT);
        }

        Map<Integer, List<Move>> waves() {
            Map<Integer, List<Move>> waves = new TreeMap<>();
            plan.moves()
                    .forEach(move -> waves.computeIfAbsent(move.wave(), any -> new ArrayList<>())
                            .add(move));
            return waves;
        }
    }

    @Test
    void everyStepKeepsEveryRule() {
        for (Goal goal : Goal.values()) {
            int moves = 0;
            for (long seed = 0; seed < SEEDS; seed++) {
                Case it = Case.of(seed, goal);
                Books books = it.books();
                assertThat(books.overfull()).as("seed %d, before", seed).isEmpty();
                for (List<Move> wave : it.waves().values()) {
                    for (Move move : wave) {
                        step(books, move, goal + " seed " + seed);
                        moves++;
                    }
                    books.settle();
                }
            }
            assertThat(moves).as("%s makes moves", goal).isGreaterThan(SEEDS);
        }
    }

    private static void step(Books books, Move move, String where) {
        assertThat(books.seat(move.vmId())).as("%s %s", where, move).isEqualTo(move.from());
        Set<UUID> unhappyBefore = books.unhappy();
        Map<String, Integer> skewsBefore = skews(books, move);
        books.lift(move.vmId());
        assertThat(books.against(move.vmId(), move.to()))
                .as("%s %s", where, move)
                .isEmpty();
        books.setDown(move.vmId(), move.to());
        assertThat(books.overfull()).as("%s %s", where, move).isEmpty();
        Set<UUID> unhappy = new HashSet<>(books.unhappy());
        unhappy.removeAll(unhappyBefore);
        assertThat(unhappy).as("%s %s takes away what others need", where, move).isEmpty();
        skews(books, move)
                .forEach((rule, skew) -> assertThat(skew)
                        .as("%s %s skew %s", where, move, rule)
                        .isLessThanOrEqualTo(
                                Math.max(skewsBefore.getOrDefault(rule, 0), Integer.parseInt(rule.split(" ")[1]))));
    }

    /** By label and maxSkew. */
    private static Map<String, Integer> skews(Books books, Move move) {
        Map<String, Integer> skews = new HashMap<>();
        for (SpreadRule rule : books.vm(move.vmId()).rules().spread()) {
            skews.put(rule.by() + " " + rule.maxSkew(), books.skew(move.job(), rule.by()));
        }
        return skews;
    }

    @Test
    void theVmsOfAWaveMayComeInAnyOrder() {
        int several = 0;
        for (Goal goal : Goal.values()) {
            for (long seed = 0; seed < SEEDS; seed++) {
                Case it = Case.of(seed, goal);
                Books books = it.books();
                for (List<Move> wave : it.waves().values()) {
                    several += wave.size() > 1 ? 1 : 0;
                    List<Move> shuffled = new ArrayList<>(wave);
                    Collections.shuffle(shuffled, new Random(seed));
                    wave.forEach(move -> books.lift(move.vmId()));
                    for (Move move : shuffled) {
                        assertThat(books.againstButSpread(move.vmId(), move.to()))
                                .as("%s seed %d %s", goal, seed, move)
                                .isEmpty();
                        books.setDown(move.vmId(), move.to());
                    }
                    assertThat(books.overfull()).as("seed %d", seed).isEmpty();
                    books.settle();
                }
            }
        }
        assertThat(several).isGreaterThan(50);
    }

    @Test
    void limitsAndBudgetsAreKept() {
        for (Goal goal : Goal.values()) {
            for (long seed = 0; seed < SEEDS; seed++) {
                Case it = Case.of(seed, goal);
                assertThat(it.plan().moves())
                        .as("seed %d", seed)
                        .hasSizeLessThanOrEqualTo(it.limits().movesMax());
                Set<UUID> moved = new HashSet<>();
                int last = 0;
                for (Map.Entry<Integer, List<Move>> wave : it.waves().entrySet()) {
                    assertThat(wave.getKey()).as("seed %d", seed).isEqualTo(++last);
                    assertThat(wave.getValue().size())
                            .isLessThanOrEqualTo(it.limits().atOnce());
                    Map<JobKey, Integer> byJob = new HashMap<>();
                    for (Move move : wave.getValue()) {
                        assertThat(moved.add(move.vmId()))
                                .as("seed %d %s", seed, move)
                                .isTrue();
                        int away = byJob.merge(move.job(), 1, Integer::sum);
                        MoveRules.Budget budget = it.moveRules().budget(move.job());
                        assertThat(away + budget.unavailable())
                                .as("seed %d %s", seed, move)
                                .isLessThanOrEqualTo(budget.maxUnavailable());
                    }
                }
                assertThat(it.plan().waves()).isEqualTo(last);
                for (InstanceView vm : it.snapshot().instances()) {
                    if (it.moveRules().forbidden(vm).isPresent()) {
                        assertThat(moved).as("seed %d", seed).doesNotContain(vm.vmId());
                    }
                }
            }
        }
    }

    @Test
    void eveningGainsWhatItSays() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Case it = Case.of(seed, Goal.EVEN);
            Books books = it.books();
            check(it.plan().before(), books, seed);
            for (Move move : it.plan().moves()) {
                long fuller = books.load(move.from());
                double variance = books.variance();
                books.lift(move.vmId());
                books.setDown(move.vmId(), move.to());
                books.settle();
                long after = Math.max(books.load(move.from()), books.load(move.to()));
                assertThat((long) move.gain()).as("seed %d %s", seed, move).isEqualTo(fuller - after);
                assertThat(move.gain() - move.cost())
                        .as("seed %d %s", seed, move)
                        .isGreaterThanOrEqualTo(it.limits().leastGain());
                assertThat(books.variance()).as("seed %d %s", seed, move).isLessThan(variance);
            }
            check(it.plan().after(), books, seed);
        }
    }

    private static void check(Measure measure, Books books, long seed) {
        List<String> hosts = books.takingPart();
        assertThat(measure.hosts()).as("seed %d", seed).isEqualTo(hosts.size());
        assertThat((long) measure.most())
                .as("seed %d", seed)
                .isEqualTo(hosts.stream().mapToLong(books::load).max().orElse(0));
        assertThat((long) measure.least())
                .as("seed %d", seed)
                .isEqualTo(hosts.stream().mapToLong(books::load).min().orElse(0));
        assertThat((double) measure.deviation())
                .as("seed %d", seed)
                .isCloseTo(Math.sqrt(books.variance()), within(1.0));
        assertThat((long) measure.carrying())
                .as("seed %d", seed)
                .isEqualTo(
                        hosts.stream().filter(host -> !books.on(host).isEmpty()).count());
    }

    @Test
    void emptyingEmptiesWholeHostsOrNone() {
        int emptied = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Case it = Case.of(seed, Goal.EMPTY_HOSTS);
            Books books = it.books();
            check(it.plan().before(), books, seed);
            Map<String, Integer> gains = new HashMap<>();
            for (Move move : it.plan().moves()) {
                assertThat(books.on(move.to())).as("seed %d %s", seed, move).isNotEmpty();
                gains.merge(move.from(), move.gain(), Integer::sum);
                assertThat(move.gain() - move.cost())
                        .as("seed %d %s", seed, move)
                        .isGreaterThanOrEqualTo(it.limits().leastGain());
                books.lift(move.vmId());
                books.setDown(move.vmId(), move.to());
                books.settle();
            }
            check(it.plan().after(), books, seed);
            assertThat(gains.keySet())
                    .as("seed %d", seed)
                    .containsExactlyInAnyOrderElementsOf(it.plan().emptied());
            for (String host : it.plan().emptied()) {
                assertThat(books.on(host)).as("seed %d %s", seed, host).isEmpty();
                assertThat(gains).as("seed %d", seed).containsEntry(host, 10_000);
            }
            assertThat(it.plan().before().carrying() - it.plan().after().carrying())
                    .as("seed %d", seed)
                    .isEqualTo(it.plan().emptied().size());
            emptied += it.plan().emptied().size();
        }
        assertThat(emptied).isGreaterThan(SEEDS / 2);
    }

    @Test
    void theSameMovesWhateverTheOrderOfTheSnapshot() {
        for (Goal goal : Goal.values()) {
            for (long seed = 0; seed < 30; seed++) {
                Case it = Case.of(seed, goal);
                assertThat(Rebalancer.plan(it.snapshot(), POLICY, seed, goal, it.limits(), it.moveRules()))
                        .as("seed %d", seed)
                        .isEqualTo(it.plan());
                List<HostView> hosts = new ArrayList<>(it.snapshot().hosts());
                List<InstanceView> instances = new ArrayList<>(it.snapshot().instances());
                Collections.shuffle(hosts, new Random(seed));
                Collections.shuffle(instances, new Random(seed));
                RebalancePlan shuffled = Rebalancer.plan(
                        new ClusterSnapshot(hosts, instances), POLICY, seed, goal, it.limits(), it.moveRules());
                assertThat(shuffled.moves())
                        .as("seed %d", seed)
                        .isEqualTo(it.plan().moves());
            }
        }
    }

    @Test
    void workIsBounded() {
        ClusterSnapshot snapshot = new RandomClusters(3).snapshot(10, 90);
        for (Goal goal : Goal.values()) {
            Limits little = new Limits(100, 5, 300, 5);
            RebalancePlan plan = Rebalancer.plan(snapshot, POLICY, 3, goal, little, new Anyone());
            assertThat(plan.complete()).as("%s", goal).isFalse();
            assertThat(plan.moves()).as("%s", goal).hasSizeLessThan(6);
            Limits much = new Limits(100, 5, 300, 1_000_000);
            assertThat(Rebalancer.plan(snapshot, POLICY, 3, goal, much, new Anyone())
                            .complete())
                    .as("%s", goal)
                    .isTrue();
        }
    }
}
