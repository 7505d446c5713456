package io.kelpie.controller.scheduling.failover;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.RandomCluster;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Clusters that are filled plan by plan, as the controller does it: no plan breaks what the checker knows of the loss of
 * a host, and whichever host is lost, the scheduler finds a place for all its VMs.
 */
class FailoverPropertyTest {
    private static final int SEEDS = 120;
    private static final int PLANS = 20;

    private RandomCluster random = new RandomCluster(0);
    private Inventory inventory = new Inventory(SchedulingPolicy.DEFAULT, 1, Reservation::of);
    private SchedulingPolicy policy = SchedulingPolicy.DEFAULT;
    private final Map<String, HostView> hosts = new TreeMap<>();
    private final Map<UUID, InstanceView> instances = new HashMap<>();
    private final Map<UUID, PlacementRequest> requests = new HashMap<>();
    private final Map<UUID, Integer> numbers = new HashMap<>();

    private void begin(int seed) {
        random = new RandomCluster(seed);
        policy = random.policy().withoutStartsInFlight().withNPlusOne(NPlusOne.ENFORCE);
        inventory = new Inventory(policy, seed, Reservation::of);
        hosts.clear();
        instances.clear();
        requests.clear();
        numbers.clear();
        int count = 4 + random.below(12);
        for (int i = 0; i < count; i++) {
            HostView host = random.host("h" + i);
            hosts.put(host.id(), host);
            inventory.put(host);
        }
    }

    @Test
    void whicheverHostIsLostAllItsVmsFindAPlace() {
        int restarted = 0;
        int onBackup = 0;
        int waiting = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            begin(seed);
            for (int i = 0; i < PLANS; i++) {
                waiting += plan(seed, i);
                if (random.below(3) == 0) {
                    endSome();
                }
            }
            inventory.reserve().settle();
            assertThat(snapshot().instances())
                    .as("seed %d: only who they have to be near can go and leave VMs without a backup", seed)
                    .filteredOn(vm -> vm.restartable() && vm.backupHost().isEmpty())
                    .allMatch(vm -> vm.rules().affinity().stream().anyMatch(AffinityRule::required));
            for (String lost : List.copyOf(hosts.keySet())) {
                List<Decision> decisions = lose(lost, seed);
                restarted += decisions.size();
                for (Decision decision : decisions) {
                    onBackup +=
                            decision.host().equals(snapshotOf(decision.vmId()).backupHost()) ? 1 : 0;
                }
            }
        }
        assertThat(restarted).isGreaterThan(SEEDS * 3);
        assertThat(waiting).as("VMs that were refused").isGreaterThan(SEEDS);
        assertThat(onBackup).as("on their backups").isEqualTo(restarted);
    }

    /** Returns how many found no place. */
    private int plan(int seed, int number) {
        List<PlacementRequest> asked = random.requests(1 + random.below(8), hosts.size());
        Plan plan = Scheduler.plan(inventory, asked);
        assertThat(PlanChecker.check(snapshot(), asked, policy, plan))
                .as("seed %d, plan %d", seed, number)
                .isEmpty();
        int waiting = 0;
        for (int i = 0; i < asked.size(); i++) {
            Decision decision = plan.decisions().get(i);
            if (decision.host().isPresent()) {
                commit(asked.get(i), decision);
            } else {
                waiting++;
            }
        }
        return waiting;
    }

    private static InstanceView instance(PlacementRequest request, Decision decision) {
        return InstanceView.of(request, decision.host().orElseThrow(), decision.numaNodes(), 0)
                .backedUpOn(decision.backupHost());
    }

    private void commit(PlacementRequest request, Decision decision) {
        InstanceView instance = instance(request, decision);
        String hostId = instance.hostId();
        boolean bound = request.boundToHost().isPresent();
        hosts.computeIfPresent(
                hostId,
                (id, host) ->
                        TestHost.like(host).holding(instance.held(), !bound).view());
        inventory.put(Objects.requireNonNull(hosts.get(hostId)));
        instances.put(request.vmId(), instance);
        requests.put(request.vmId(), request);
        numbers.put(request.vmId(), inventory.count(instance));
    }

    /** Instances that end leave their room. */
    private void endSome() {
        List<UUID> all = random.shuffled(instances.keySet().stream().sorted().toList());
        for (UUID vmId : all.subList(0, all.size() / 4)) {
            if (Objects.requireNonNull(requests.get(vmId)).boundToHost().isEmpty()) {
                InstanceView gone = Objects.requireNonNull(instances.remove(vmId));
                inventory.uncount(Objects.requireNonNull(numbers.remove(vmId)));
                hosts.computeIfPresent(
                        gone.hostId(),
                        (id, host) -> TestHost.like(host).releasing(gone.held()).view());
                inventory.put(Objects.requireNonNull(hosts.get(gone.hostId())));
            }
        }
    }

    private ClusterSnapshot snapshot() {
        List<InstanceView> views = new ArrayList<>();
        instances.keySet().forEach(id -> views.add(snapshotOf(id)));
        return RandomCluster.snapshot(List.copyOf(hosts.values()), views);
    }

    private InstanceView snapshotOf(UUID vmId) {
        int backup = inventory.backupOf(Objects.requireNonNull(numbers.get(vmId)));
        return Objects.requireNonNull(instances.get(vmId))
                .backedUpOn(
                        backup == HostTable.UNKNOWN
                                ? Optional.empty()
                                : Optional.of(inventory.hosts().view(backup).id()));
    }

    /** Loses a host and places its VMs anew, in any order. */
    private List<Decision> lose(String lost, int seed) {
        ClusterSnapshot before = snapshot();
        List<PlacementRequest> looking = new ArrayList<>();
        List<InstanceView> left = new ArrayList<>();
        for (InstanceView vm : before.instances()) {
            if (!vm.hostId().equals(lost)) {
                left.add(vm);
            } else if (vm.backupHost().isPresent()) {
                looking.add(Objects.requireNonNull(requests.get(vm.vmId()))
                        .comingBack()
                        .avoiding(Set.of()) // it was started since
                        .preferring(vm.backupHost().orElseThrow()));
            }
        }
        ClusterSnapshot after = new ClusterSnapshot(
                before.hosts().stream().filter(host -> !host.id().equals(lost)).toList(), left);
        List<Decision> decisions = new ArrayList<>();
        ClusterSnapshot present = after;
        List<PlacementRequest> ordered = random.shuffled(looking);
        while (!ordered.isEmpty()) {
            Plan plan = Scheduler.plan(present, ordered, policy, seed);
            List<PlacementRequest> waiting = new ArrayList<>();
            for (int i = 0; i < ordered.size(); i++) {
                Decision decision = plan.decisions().get(i);
                if (decision.host().isPresent()) {
                    decisions.add(decision);
                    present = with(present, ordered.get(i), decision);
                } else {
                    waiting.add(ordered.get(i));
                }
            }
            assertThat(waiting.size())
                    .as("seed %d, without %s %s have no place", seed, lost, waiting)
                    .isLessThan(ordered.size());
            ordered = waiting; // those that others have to be near are there by now
        }
        return decisions;
    }

    private static ClusterSnapshot with(ClusterSnapshot before, PlacementRequest request, Decision decision) {
        InstanceView instance = instance(request, decision);
        List<InstanceView> all = new ArrayList<>(before.instances());
        all.add(instance);
        return RandomCluster.snapshot(
                before.hosts().stream()
                        .map(host -> host.id().equals(instance.hostId())
                                ? TestHost.like(host).holding(instance.held()).view()
                                : host)
                        .toList(),
                all);
    }
}
