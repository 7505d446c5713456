package io.kelpie.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.filter.Filter;
import io.kelpie.controller.scheduling.filter.Filters;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Properties of plans over clusters from seeds; a failure names the seed. */
class SchedulerPropertyTest {
    /** Clusters of a property; cheap properties look at a multiple of it. */
    private static final int CASES = 200;

    /** A cluster and what is asked of it. */
    private record Case(
            long seed,
            RandomCluster random,
            SchedulingPolicy policy,
            ClusterSnapshot snapshot,
            List<PlacementRequest> requests) {
        static Case of(long seed, int hosts, int requests) {
            RandomCluster random = new RandomCluster(seed);
            return new Case(seed, random, random.policy(), random.snapshot(hosts), random.requests(requests, hosts));
        }

        Case with(NPlusOne nPlusOne) {
            return new Case(seed, random, policy.withNPlusOne(nPlusOne), snapshot, requests);
        }

        /** Hosts and instances come in another order. */
        Case shuffled() {
            ClusterSnapshot shuffled =
                    new ClusterSnapshot(random.shuffled(snapshot.hosts()), random.shuffled(snapshot.instances()));
            return new Case(seed, random, policy, shuffled, requests);
        }

        Plan plan() {
            return Scheduler.plan(snapshot, requests, policy, seed);
        }

        void check(Plan plan) {
            assertThat(PlanChecker.check(snapshot, requests, policy, plan))
                    .as("seed %d", seed)
                    .isEmpty();
        }
    }

    @Test
    void noPlanBreaksARule() {
        int placed = 0;
        Set<String> rulesSeen = new HashSet<>();
        for (long seed = 0; seed < 2 * CASES; seed++) {
            NPlusOne nPlusOne = seed % 4 == 0 ? NPlusOne.ENFORCE : seed % 4 == 1 ? NPlusOne.WARN : NPlusOne.OFF;
            Case some = Case.of(seed, 20, 40).with(nPlusOne);
            Plan plan = some.plan();
            some.check(plan);
            for (Decision decision : plan.decisions()) {
                placed += decision.host().isPresent() ? 1 : 0;
                decision.rules().forEach(rule -> rulesSeen.add(rule.rule()));
            }
        }
        assertThat(placed).as("the generator makes clusters with room").isGreaterThan(2_000);
        assertThat(rulesSeen)
                .as("the generator makes every rule work")
                .containsExactlyInAnyOrderElementsOf(
                        Filters.ALL.stream().map(Filter::rule).toList());
    }

    @Test
    void noPlanForManyHostsBreaksARule() {
        int placed = 0;
        for (long seed = 0; seed < CASES / 10; seed++) {
            Case some = Case.of(seed, 150, 200);
            Plan plan = some.plan();
            some.check(plan);
            placed += (int) plan.decisions().stream()
                    .filter(decision -> decision.host().isPresent())
                    .count();
        }
        assertThat(placed).isGreaterThan(500);
    }

    @Test
    void theSameArgumentsGiveTheSamePlanInWhateverOrderHostsAndInstancesCome() {
        for (long seed = 0; seed < CASES / 2; seed++) {
            Case some = Case.of(seed, 20, 40);
            Plan plan = some.plan();
            assertThat(some.plan()).as("seed %d", seed).isEqualTo(plan);
            assertThat(some.shuffled().plan()).as("seed %d", seed).isEqualTo(plan);
        }
    }

    @Test
    void aPlanLeavesTheInventoryAsItWas() {
        for (long seed = 0; seed < CASES / 2; seed++) {
            Case some = Case.of(seed, 20, 40);
            Inventory inventory = TestInventory.of(some.policy(), some.snapshot(), seed);
            Plan plan = Scheduler.plan(inventory, some.requests());
            Scheduler.plan(inventory, some.random().requests(40, 20));
            assertThat(Scheduler.plan(inventory, some.requests()))
                    .as("seed %d", seed)
                    .isEqualTo(plan);
        }
    }

    @Test
    void hostsRemovedAndHostsThatPassAreAllHosts() {
        int spreads = 0;
        for (long seed = 0; seed < 2 * CASES; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = random.policy();
            ClusterSnapshot snapshot = random.snapshot(12);
            PlacementRequest request = random.request(12);
            Decision decision = single(snapshot, request, policy, seed);
            long fitting = snapshot.hosts().stream()
                    .filter(host -> fits(snapshot, request, policy, host))
                    .count();
            int removed = decision.rules().stream()
                    .mapToInt(RuleOutcome::hostsRemoved)
                    .sum();
            assertThat(removed + fitting).as("seed %d: %s", seed, decision).isEqualTo(12);
            assertThat(decision.host().isPresent()).as("seed %d", seed).isEqualTo(fitting > 0);
            spreads += decision.rules().stream().anyMatch(rule -> rule.rule().equals("spread")) ? 1 : 0;
        }
        assertThat(spreads).as("the generator makes the rule of spread work").isGreaterThan(20);
    }

    @Test
    void anotherHostNeverTurnsAPlacementIntoARejection() {
        int placements = 0;
        for (long seed = 0; seed < 4 * CASES; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = random.policy();
            int hosts = seed % 10 == 0 ? 64 : 8; // beyond 64 the index is searched
            ClusterSnapshot snapshot = random.snapshot(hosts);
            PlacementRequest request = random.request(hosts);
            if (single(snapshot, request, policy, seed).host().isPresent()) {
                placements++;
                List<HostView> more = new ArrayList<>(snapshot.hosts());
                more.add(random.host("h" + hosts));
                more.add(random.host("a-new-one"));
                assertThat(single(RandomCluster.snapshot(more, snapshot.instances()), request, policy, seed)
                                .host())
                        .as("seed %d", seed)
                        .isPresent();
            }
        }
        assertThat(placements).isGreaterThan(CASES / 2);
    }

    @Test
    void thePreferredHostIsTakenExactlyIfItFits() {
        int taken = 0;
        for (long seed = 0; seed < 10 * CASES; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = random.policy();
            ClusterSnapshot snapshot = random.snapshot(8);
            PlacementRequest request = random.request(8);
            Optional<HostView> preferred = request.preferredHost()
                    .flatMap(id -> snapshot.hosts().stream()
                            .filter(host -> host.id().equals(id))
                            .findAny());
            if (preferred.isPresent() && fits(snapshot, request, policy, preferred.get())) {
                taken++;
                assertThat(single(snapshot, request, policy, seed).host())
                        .as("seed %d", seed)
                        .contains(preferred.get().id());
            }
        }
        assertThat(taken).isGreaterThan(10);
    }

    /** Words are made for the nearest miss of a rule, so what a request costs in memory does not grow with the hosts. */
    @Test
    void aDecisionAllocatesNothingPerHost() {
        long few = bytesPerRequest(100);
        long many = bytesPerRequest(2_000);
        assertThat(many).isLessThan(few + 8_000);
    }

    private static long bytesPerRequest(int hosts) {
        RandomCluster random = new RandomCluster(7);
        Inventory inventory = TestInventory.of(SchedulingPolicy.DEFAULT, random.snapshot(hosts), 1);
        List<PlacementRequest> requests = random.requests(200, hosts);
        bytesOf(inventory, requests); // classes and caches
        return bytesOf(inventory, requests) / 200;
    }

    private static long bytesOf(Inventory inventory, List<PlacementRequest> requests) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Plan plan = Scheduler.plan(inventory, requests);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(plan.decisions()).hasSameSizeAs(requests);
        return bytes;
    }

    private static Decision single(
            ClusterSnapshot snapshot, PlacementRequest request, SchedulingPolicy policy, long seed) {
        return Scheduler.plan(snapshot, List.of(request), policy, seed)
                .decisions()
                .get(0);
    }

    /** Whether the checker, which shares no code with the filters, accepts the VM on the host. */
    private static boolean fits(
            ClusterSnapshot snapshot, PlacementRequest request, SchedulingPolicy policy, HostView host) {
        int nodes = host.size().numaNodes().size();
        return choices(request.shape().numaNodes(), 0, nodes).stream().anyMatch(choice -> {
            Decision decision = new Decision(
                    request.vmId(),
                    Optional.of(host.id()),
                    0,
                    choice,
                    snapshot.hosts().size(),
                    List.of(),
                    Optional.empty());
            return PlanChecker.check(snapshot, List.of(request), policy, new Plan(List.of(decision)))
                    .isEmpty();
        });
    }

    /** All ways to choose so many of the numbers from one to below another. */
    private static List<List<Integer>> choices(int count, int from, int below) {
        if (count == 0) {
            return List.of(List.of());
        }
        List<List<Integer>> choices = new ArrayList<>();
        for (int first = from; first < below; first++) {
            for (List<Integer> rest : choices(count - 1, first + 1, below)) {
                List<Integer> choice = new ArrayList<>(List.of(first));
                choice.addAll(rest);
                choices.add(choice);
            }
        }
        return choices;
    }
}
