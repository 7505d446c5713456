package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    @Test
    void aVmGoesToTheFullestHostThatTakesIt() {
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
    void theScoreIsTheMeanFullnessOfMemoryAndVcpus() {
        // 4096 + 64 + 82 + 8 MiB of 8500 is 50 %; 1 vCPU of 4 is 25 %
        Decision decision =
                decide(vm(0).memoryMib(4_096), host("h1").memoryMib(8_500).cpus(1));
        assertThat(decision.score()).isEqualTo(37);
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
        List<TestHost> equals = List.of(host("h1"), host("h2"), host("h3"), host("h4"));
        ClusterSnapshot snapshot =
                new ClusterSnapshot(equals.stream().map(TestHost::view).toList());
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
    void autoNeverTakesTheFakeDriver() {
        TestHost rehearsal = host("h1").drivers(EnumSet.of(DriverKind.FAKE));
        assertThat(decide(vm(0), rehearsal).host()).isEmpty();
        assertThat(decide(vm(0).driver(DriverKind.FAKE), rehearsal).host()).contains("id-h1");
    }

    @Test
    void anyAccelerationRunsWhereverADriverDoes() {
        TestHost plain = host("h1").withoutKvm();
        assertThat(decide(vm(0).acceleration(AccelerationMode.KVM), plain).host())
                .isEmpty();
        assertThat(decide(vm(0).acceleration(AccelerationMode.ANY), plain).host())
                .contains("id-h1");
        assertThat(decide(vm(0).acceleration(AccelerationMode.TCG), plain).host())
                .contains("id-h1");
    }

    @Test
    void vcpusArePromisedUpToThePolicysRatio() {
        ClusterSnapshot snapshot =
                new ClusterSnapshot(List.of(host("h1").cpus(3).view()));
        List<PlacementRequest> four = List.of(vm(0).vcpus(4).request());
        List<PlacementRequest> five = List.of(vm(0).vcpus(5).request());
        SchedulingPolicy oneAndAHalf = new SchedulingPolicy(150);
        assertThat(Scheduler.plan(snapshot, four, oneAndAHalf, 0)
                        .decisions()
                        .get(0)
                        .host())
                .isPresent();
        assertThat(Scheduler.plan(snapshot, five, oneAndAHalf, 0)
                        .decisions()
                        .get(0)
                        .host())
                .isEmpty();
    }

    @Test
    void noHostsAndNoRequestsAreFine() {
        assertThat(decide(vm(0))).isEqualTo(new Decision(vm(0).request().vmId(), Optional.empty(), 0, 0, List.of()));
        assertThat(plan(List.of(), host("h1")).decisions()).isEmpty();
    }

    private static Decision decide(TestVm vm, TestHost... hosts) {
        return plan(List.of(vm.request()), hosts).decisions().get(0);
    }

    private static Plan plan(List<PlacementRequest> requests, TestHost... hosts) {
        List<HostView> views = Arrays.stream(hosts).map(TestHost::view).toList();
        return Scheduler.plan(new ClusterSnapshot(views), requests, SchedulingPolicy.DEFAULT, 1);
    }
}
