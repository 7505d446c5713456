package io.kelpie.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Properties of plans over clusters from seeds; a failure names the seed. */
class SchedulerPropertyTest {
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;

    @Test
    void noPlanHasAViolationAndTheSameArgumentsGiveTheSamePlan() {
        int placed = 0;
        Set<String> rulesSeen = new HashSet<>();
        for (long seed = 0; seed < 200; seed++) {
            RandomCluster random = new RandomCluster(seed);
            ClusterSnapshot snapshot = random.snapshot(20);
            List<PlacementRequest> requests = random.requests(40, 20);
            Plan plan = Scheduler.plan(snapshot, requests, POLICY, seed);

            assertThat(PlanChecker.check(snapshot, requests, POLICY, plan))
                    .as("seed %d", seed)
                    .isEmpty();
            assertThat(Scheduler.plan(snapshot, requests, POLICY, seed))
                    .as("seed %d", seed)
                    .isEqualTo(plan);
            for (Decision decision : plan.decisions()) {
                placed += decision.host().isPresent() ? 1 : 0;
                decision.rules().forEach(rule -> rulesSeen.add(rule.rule()));
            }
        }
        assertThat(placed).as("the generator makes clusters with room").isGreaterThan(1_000);
        assertThat(rulesSeen).as("the generator makes every rule work").hasSize(11);
    }

    @Test
    void hostsRemovedAndHostsThatPassAreAllHosts() {
        for (long seed = 0; seed < 500; seed++) {
            RandomCluster random = new RandomCluster(seed);
            ClusterSnapshot snapshot = random.snapshot(12);
            PlacementRequest request = random.request(0, 12);
            Decision decision = single(snapshot, request, seed);
            long fitting = snapshot.hosts().stream()
                    .filter(host -> fits(snapshot, request, host))
                    .count();
            int removed = decision.rules().stream()
                    .mapToInt(RuleOutcome::hostsRemoved)
                    .sum();
            assertThat(removed + fitting).as("seed %d", seed).isEqualTo(12);
            assertThat(decision.host().isPresent()).as("seed %d", seed).isEqualTo(fitting > 0);
        }
    }

    @Test
    void anotherHostNeverTurnsAPlacementIntoARejection() {
        int placements = 0;
        for (long seed = 0; seed < 500; seed++) {
            RandomCluster random = new RandomCluster(seed);
            ClusterSnapshot snapshot = random.snapshot(8);
            PlacementRequest request = random.request(0, 8);
            if (single(snapshot, request, seed).host().isPresent()) {
                placements++;
                List<HostView> more = new ArrayList<>(snapshot.hosts());
                more.add(random.host("h8"));
                assertThat(single(RandomCluster.snapshot(more), request, seed).host())
                        .as("seed %d", seed)
                        .isPresent();
            }
        }
        assertThat(placements).isGreaterThan(100);
    }

    @Test
    void thePreferredHostIsTakenExactlyIfItFits() {
        int taken = 0;
        for (long seed = 0; seed < 1_000; seed++) {
            RandomCluster random = new RandomCluster(seed);
            ClusterSnapshot snapshot = random.snapshot(8);
            PlacementRequest request = random.request(0, 8);
            Optional<HostView> preferred = request.preferredHost()
                    .flatMap(id -> snapshot.hosts().stream()
                            .filter(host -> host.id().equals(id))
                            .findAny());
            if (preferred.isPresent() && fits(snapshot, request, preferred.get())) {
                taken++;
                assertThat(single(snapshot, request, seed).host())
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
        ClusterSnapshot snapshot = random.snapshot(hosts);
        List<PlacementRequest> one = random.requests(1, hosts);
        List<PlacementRequest> most = random.requests(201, hosts);
        bytesOf(snapshot, most); // classes and caches
        return (bytesOf(snapshot, most) - bytesOf(snapshot, one)) / 200;
    }

    private static long bytesOf(ClusterSnapshot snapshot, List<PlacementRequest> requests) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Plan plan = Scheduler.plan(snapshot, requests, POLICY, 1);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(plan.decisions()).hasSameSizeAs(requests);
        return bytes;
    }

    private static Decision single(ClusterSnapshot snapshot, PlacementRequest request, long seed) {
        return Scheduler.plan(snapshot, List.of(request), POLICY, seed)
                .decisions()
                .get(0);
    }

    /** Whether the checker, which shares no code with the filters, accepts the VM on the host. */
    private static boolean fits(ClusterSnapshot snapshot, PlacementRequest request, HostView host) {
        Decision decision = new Decision(
                request.vmId(), Optional.of(host.id()), 0, snapshot.hosts().size(), List.of());
        return PlanChecker.check(snapshot, List.of(request), POLICY, new Plan(List.of(decision)))
                .isEmpty();
    }
}
