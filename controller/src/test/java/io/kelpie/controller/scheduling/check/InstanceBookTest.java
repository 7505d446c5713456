package io.kelpie.controller.scheduling.check;

import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.RandomCluster;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InstanceBookTest {
    /** Plans of the engine, and others that break rules. */
    @Test
    void aPlanIsJudgedByThoseThatConcernItAsByAll() {
        int faulty = 0;
        int left = 0;
        for (long seed = 0; seed < 150; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = random.policy();
            ClusterSnapshot all = random.snapshot(12);
            InstanceBook book = new InstanceBook();
            all.instances().forEach(book::put);
            List<PlacementRequest> requests = random.requests(3, 12);
            List<InstanceView> some = book.concerning(requests);
            left += all.instances().size() - some.size();
            for (Plan plan : List.of(Scheduler.plan(all, requests, policy, seed), anywhere(random, all, requests))) {
                List<String> faults = PlanChecker.check(all, requests, policy, plan);
                assertThat(PlanChecker.check(new ClusterSnapshot(all.hosts(), some), requests, policy, plan))
                        .as("seed %d", seed)
                        .isEqualTo(faults);
                faulty += faults.isEmpty() ? 0 : 1;
            }
        }
        assertThat(faulty).isGreaterThan(100);
        assertThat(left).as("not all concern each plan").isGreaterThan(100);
    }

    private static Plan anywhere(RandomCluster random, ClusterSnapshot all, List<PlacementRequest> requests) {
        List<Decision> decisions = new ArrayList<>();
        for (PlacementRequest request : requests) {
            String host = all.hosts().get(random.below(all.hosts().size())).id();
            decisions.add(new Decision(
                    request.vmId(), Optional.of(host), 0, List.of(), all.hosts().size(), List.of(), Optional.empty()));
        }
        return new Plan(decisions);
    }

    @Test
    void whatIsRemovedOrReplacedIsForgotten() {
        InstanceBook book = new InstanceBook();
        book.put(vm(1).of("web").awayFrom("db", "host").on("h1"));
        book.put(vm(2).of("db").on("h1"));
        assertThat(book.on("id-h1")).hasSize(2);
        List<PlacementRequest> db = List.of(vm(3).of("db").request());
        assertThat(book.concerning(db)).hasSize(2);

        book.put(vm(1).of("web").on("h2"));
        assertThat(book.on("id-h1")).hasSize(1);
        assertThat(book.on("id-h2")).hasSize(1);
        assertThat(book.concerning(db)).extracting(InstanceView::hostId).containsExactly("id-h1");

        assertThat(book.remove(vm(2).request().vmId())).isNotNull();
        assertThat(book.remove(vm(2).request().vmId())).isNull();
        assertThat(book.concerning(db)).isEmpty();
        assertThat(book.all()).hasSize(1);
        assertThat(book.of(vm(1).request().vmId())).isPresent();
    }
}
