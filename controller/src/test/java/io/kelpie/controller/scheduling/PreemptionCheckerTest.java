package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.PreemptionChecker.Proposal;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.controller.scheduling.preempt.Preemption;
import io.kelpie.controller.scheduling.preempt.PreemptionLimits;
import io.kelpie.controller.scheduling.preempt.Preemptor;
import io.kelpie.controller.scheduling.preempt.Victim;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class PreemptionCheckerTest {
    private static final SchedulingPolicy POLICY = new SchedulingPolicy(100, Packing.PACK, 0, 30, 5, NPlusOne.OFF);

    private final TestVm low = vm(1).of("low").priority(10).vcpus(4);
    private final TestVm other = vm(2).of("other").priority(10).vcpus(4);
    private final PlacementRequest high = vm(3).of("high").priority(90).vcpus(4).request();
    private Function<JobKey, JobBudget> budgets = job -> new JobBudget(job, 2, 1, 0);
    private Predicate<UUID> endable = id -> true;

    @Test
    void aVmOfLowerPriorityMayBeEndedIfThatIsEnough() {
        assertThat(check(high, id(low))).isEmpty();
        assertThat(check(vm(3).of("high").priority(90).vcpus(8).request(), id(low), id(other)))
                .isEmpty();
    }

    @Test
    void everyFaultIsFound() {
        assertThat(check(vm(3).of("high").priority(10).vcpus(4).request(), id(low)))
                .singleElement()
                .asString()
                .contains("has priority 10 and is to be ended for one of 10");
        assertThat(check(vm(3).of("low").priority(90).vcpus(4).request(), id(low)))
                .singleElement()
                .asString()
                .contains("its own job");
        assertThat(check(vm(3).of("high").priority(90).vcpus(8).request(), id(low)))
                .singleElement()
                .asString()
                .contains("takes vCPUs on h1 to 12 of 8");
        assertThat(check(high, new UUID(7, 7))).singleElement().asString().contains("is not there");
        assertThat(check(high, id(low), id(low))).singleElement().asString().contains("ended twice");
        endable = id -> !id.equals(id(low));
        assertThat(check(high, id(low))).singleElement().asString().contains("must not be ended");
        endable = id -> true;
        budgets = job -> new JobBudget(job, 2, 1, 1);
        assertThat(check(high, id(low))).singleElement().asString().contains("which allows 0");
    }

    @Test
    void whatIsAwaitedMakesRoomToo() {
        Proposal waiting = new Proposal(high, "id-h1", List.of(), List.of(), List.of(id(other)));
        assertThat(PreemptionChecker.check(full(), waiting, POLICY, budgets, endable))
                .isEmpty();
        Proposal stranger = new Proposal(high, "id-h1", List.of(), List.of(), List.of(new UUID(7, 7)));
        assertThat(PreemptionChecker.check(full(), stranger, POLICY, budgets, endable))
                .singleElement()
                .asString()
                .contains("is awaited");
    }

    /** Whatever the search for victims answers passes. */
    @Test
    void theEnginesAnswersPass() {
        int found = 0;
        int ended = 0;
        for (long seed = 0; seed < 400; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = random.policy();
            List<HostView> hosts = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                hosts.add(random.host("h" + i));
            }
            ClusterSnapshot snapshot = random.populated(hosts, 40);
            Inventory inventory = new Inventory(policy, seed, Reservation::of);
            snapshot.hosts().forEach(inventory::put);
            List<JobKey> jobs = new ArrayList<>();
            for (InstanceView instance : snapshot.instances()) {
                inventory.count(instance);
                jobs.add(instance.job());
            }
            Function<JobKey, JobBudget> limits = job -> new JobBudget(job, 40, 1 + job.hashCode() % 2, 0);
            jobs.forEach(job -> inventory.allow(limits.apply(job)));
            Search search = new Search(inventory);
            Preemptor preemptor = new Preemptor(inventory, search, PreemptionLimits.DEFAULT);
            for (PlacementRequest request : random.requests(6, 8)) {
                if (search.best(inventory.ask(request)) >= 0) {
                    continue;
                }
                Optional<Preemption> answer = preemptor.find(inventory.ask(request));
                if (answer.isPresent()) {
                    found++;
                    ended += answer.get().victims().size();
                    assertThat(PreemptionChecker.check(
                                    snapshot, proposal(request, answer.get()), policy, limits, id -> true))
                            .as("seed %d", seed)
                            .isEmpty();
                }
            }
        }
        assertThat(found).isGreaterThan(50);
        assertThat(ended).isGreaterThan(found);
    }

    private static Proposal proposal(PlacementRequest request, Preemption found) {
        return new Proposal(
                request,
                found.hostId(),
                found.numaNodes(),
                found.victims().stream().map(Victim::vmId).toList(),
                found.awaited());
    }

    private List<String> check(PlacementRequest request, UUID... victims) {
        return PreemptionChecker.check(
                full(),
                new Proposal(request, "id-h1", List.of(), List.of(victims), List.of()),
                POLICY,
                budgets,
                endable);
    }

    private ClusterSnapshot full() {
        HostView h1 = host("h1")
                .cpus(8)
                .memoryMib(16_384)
                .holding(Reservation.of(low.shape()))
                .holding(Reservation.of(other.shape()))
                .view();
        return RandomCluster.snapshot(List.of(h1), List.of(low.on("h1"), other.on("h1")));
    }

    private static UUID id(TestVm vm) {
        return vm.request().vmId();
    }
}
