package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    @Test
    void packingTakesTheFullestHostThatTakesTheVm() {
        Decision decision = decide(
                vm(0).memoryMib(4_096),
                host("h1"),
                host("h2").usedMemoryMib(8_192),
                host("h3").usedMemoryMib(15_000));
        assertThat(decision.host()).contains("id-h2");
        assertThat(decision.hostsConsidered()).isEqualTo(3);
        assertThat(decision.rules()).extracting(RuleOutcome::rule).containsExactly("memory");
    }

    @Test
    void spreadingTakesTheEmptiestHost() {
        SchedulingPolicy spreading = new SchedulingPolicy(400, Packing.SPREAD, 0, 30, 5, NPlusOne.OFF);
        ClusterSnapshot snapshot =
                snapshot(host("h1").usedMemoryMib(8_192), host("h2"), host("h3").usedMemoryMib(15_000));
        assertThat(Scheduler.plan(snapshot, List.of(vm(0).request()), spreading, 1)
                        .decisions()
                        .get(0)
                        .host())
                .contains("id-h2");
    }

    @Test
    void packingLeavesVcpusAndMemoryInProportion() {
        // as much is left on both in all, but on h1 vCPUs that nobody could use
        Decision decision = decide(
                vm(0).vcpus(1).memoryMib(1_000),
                host("h1").usedMemoryMib(12_288),
                host("h2").usedMemoryMib(8_192).usedVcpus(8),
                host("h3").usedVcpus(32));
        assertThat(decision.host()).contains("id-h2");
    }

    @Test
    void packingLeavesLittleOfWhatIsScarce() {
        Decision decision = decide(
                vm(0).vcpus(1).memoryMib(1_000),
                host("h1").usedMemoryMib(12_288),
                host("h2").usedMemoryMib(8_192).usedVcpus(8));
        assertThat(decision.host()).contains("id-h1");
    }

    @Test
    void laterRequestsSeeWhatEarlierOnesTook() {
        List<PlacementRequest> requests = List.of(
                vm(0).memoryMib(8_192).request(),
                vm(1).memoryMib(8_192).request(),
                vm(2).memoryMib(8_192).request());
        Plan plan = plan(requests, host("h1"), host("h2"));
        assertThat(plan.decisions().get(0).host()).isPresent();
        assertThat(plan.decisions().get(1).host())
                .isPresent()
                .isNotEqualTo(plan.decisions().get(0).host());
        assertThat(plan.decisions().get(2).host()).isEmpty();
        assertThat(plan.decisions().get(2).rules())
                .extracting(RuleOutcome::hostsRemoved)
                .containsExactly(2);
    }

    @Test
    void laterRequestsSeeWhereEarlierOnesWent() {
        List<PlacementRequest> requests = List.of(
                vm(0).of("web").awayFrom("web", "rack").request(),
                vm(1).of("web").awayFrom("web", "rack").request(),
                vm(2).of("web").awayFrom("web", "rack").request());
        Plan plan = plan(
                requests,
                host("h1").rack("r1"),
                host("h2").rack("r1"),
                host("h3").rack("r2"));
        assertThat(plan.decisions())
                .extracting(decision -> decision.host().isPresent())
                .containsExactly(true, true, false);
        assertThat(plan.decisions().get(2).rules())
                .extracting(RuleOutcome::rule)
                .containsExactly("anti-affinity");
    }

    @Test
    void diskSpaceOfAPoolIsTakenToo() {
        List<PlacementRequest> requests = List.of(
                vm(0).disk("default", 60_000).request(),
                vm(1).disk("default", 60_000).request());
        Plan plan = plan(requests, host("h1"));
        assertThat(plan.decisions().get(0).host()).contains("id-h1");
        assertThat(plan.decisions().get(1).rules())
                .extracting(RuleOutcome::rule)
                .containsExactly("disk-space");
    }

    @Test
    void aVmThatAsksForNumaNodesIsToldWhich() {
        List<PlacementRequest> requests = List.of(
                vm(0).numaNodes(1).vcpus(2).request(),
                vm(1).numaNodes(2).vcpus(2).request(),
                vm(2).request());
        Plan plan =
                plan(requests, host("h1").numaNode(4, 8_192).numaNode(4, 4_096).numaNode(4, 8_192));
        assertThat(plan.decisions().get(0).numaNodes()).as("the tightest").containsExactly(1);
        assertThat(plan.decisions().get(1).numaNodes()).containsExactly(0, 1);
        assertThat(plan.decisions().get(2).numaNodes()).isEmpty();
    }

    @Test
    void thePreferredHostWinsIfItPasses() {
        TestHost full = host("h1").usedMemoryMib(8_192);
        assertThat(decide(vm(0).prefers("h2"), full, host("h2"), host("h3")).host())
                .contains("id-h2");
        assertThat(decide(vm(0).prefers("h2"), full, host("h2").cordoned(), host("h3"))
                        .host())
                .contains("id-h1");
        assertThat(decide(vm(0).prefers("h9"), full, host("h2")).host()).contains("id-h1");
    }

    @Test
    void theSeedBreaksTies() {
        ClusterSnapshot snapshot = snapshot(host("h1"), host("h2"), host("h3"), host("h4"));
        Set<String> chosen = new TreeSet<>();
        for (long seed = 0; seed < 50; seed++) {
            chosen.add(Scheduler.plan(snapshot, List.of(vm(0).request()), SchedulingPolicy.DEFAULT, seed)
                    .decisions()
                    .get(0)
                    .host()
                    .orElseThrow());
        }
        assertThat(chosen).containsExactly("id-h1", "id-h2", "id-h3", "id-h4");
    }

    @Test
    void aBoundVmReturnsToItsDisksWithoutAskingForTheirSpaceAgain() {
        TestHost home = host("h2").usedPoolMib("default", 102_400);
        Decision decision = decide(vm(0).disk("default", 50_000).boundTo("h2", "root"), host("h1"), home);
        assertThat(decision.host()).contains("id-h2");
        assertThat(decision.rules()).extracting(RuleOutcome::rule).containsExactly("disk-location");
    }

    @Test
    void noHostsAndNoRequestsAreFine() {
        assertThat(decide(vm(0)))
                .isEqualTo(new Decision(
                        vm(0).request().vmId(), Optional.empty(), 0, List.of(), 0, List.of(), Optional.empty()));
        assertThat(plan(List.of(), host("h1")).decisions()).isEmpty();
    }

    private static Decision decide(TestVm vm, TestHost... hosts) {
        return plan(List.of(vm.request()), hosts).decisions().get(0);
    }

    private static Plan plan(List<PlacementRequest> requests, TestHost... hosts) {
        return Scheduler.plan(snapshot(hosts), requests, SchedulingPolicy.DEFAULT, 1);
    }

    private static ClusterSnapshot snapshot(TestHost... hosts) {
        return new ClusterSnapshot(Arrays.stream(hosts).map(TestHost::view).toList(), List.of());
    }
}
