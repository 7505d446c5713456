package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code explain} has to say of a decision, beside the words of each rule. */
class ExplainTest {
    @Test
    void aHostCountsUnderTheFirstRuleThatRemovesIt() {
        List<RuleOutcome> rules = rules(
                vm(0).memoryMib(20_000).vcpus(40).require("disk", "ssd"),
                host("h1").suspect().cordoned(),
                host("h2").cordoned(),
                host("h3"),
                host("h4").label("disk", "ssd"),
                host("h5").label("disk", "ssd").cpus(10));
        assertThat(rules)
                .extracting(RuleOutcome::rule)
                .containsExactly("host-ready", "cordon", "labels", "vcpu", "memory");
        assertThat(rules).extracting(RuleOutcome::hostsRemoved).containsOnly(1);
    }

    @Test
    void theHostOfTheSmallestShortfallIsNamed() {
        RuleOutcome outcome = only(
                vm(0).memoryMib(4_096),
                host("h1").usedMemoryMib(16_000),
                host("h2").usedMemoryMib(12_442),
                host("h3").usedMemoryMib(13_000));
        assertThat(outcome)
                .isEqualTo(new RuleOutcome(
                        "memory",
                        3,
                        Optional.of("h2"),
                        "4250 MiB (4096 MiB for the guest, 154 MiB for QEMU)",
                        "3942 MiB",
                        "308 MiB",
                        "lower spec.vm.memory to 3794Mi or free 308 MiB on h2"));
    }

    @Test
    void ofHostsAsNearTheOneThatWouldDoIsNamed() {
        RuleOutcome outcome = only(
                vm(0),
                host("h1").cordoned().usedMemoryMib(16_384),
                host("h3").cordoned(),
                host("h2").cordoned());
        assertThat(outcome.hostsRemoved()).isEqualTo(3);
        assertThat(outcome.fix()).isEqualTo("uncordon h2: kelpie uncordon h2");
    }

    @Test
    void aHostThatIsNoHelpIsNamedIfThereIsNoOther() {
        RuleOutcome outcome = only(vm(0), host("h1").cordoned().usedMemoryMib(16_384));
        assertThat(outcome.fix()).isEqualTo("uncordon h1: kelpie uncordon h1");
    }

    @Test
    void aBoundVmIsToldWhatKeepsItsHostOut() {
        List<RuleOutcome> rules = rules(
                vm(0).boundTo("h7", "root"), host("h1"), host("h2"), host("h7").cordoned());
        assertThat(rules).extracting(RuleOutcome::rule).containsExactly("cordon", "disk-location");
        assertThat(rules.get(1).hostsRemoved()).isEqualTo(2);
        assertThat(rules.get(1).fix()).isEqualTo("see which rule keeps h7 out, or keep disk root on a shared pool");
    }

    @Test
    void spreadSaysWhereThereAreFewest() {
        TestVm web = vm(9).of("web").spread("rack", 1);
        ClusterSnapshot snapshot = new ClusterSnapshot(
                List.of(host("h1").rack("r1").view(), host("h2").rack("r2").view()),
                List.of(vm(1).of("web").on("h1")));
        Decision decision = Scheduler.plan(snapshot, List.of(web.request()), SchedulingPolicy.DEFAULT, 1)
                .decisions()
                .get(0);
        assertThat(decision.host()).contains("id-h2");
        assertThat(decision.rules())
                .extracting(RuleOutcome::rule, RuleOutcome::hostsRemoved, RuleOutcome::free)
                .containsExactly(tuple("spread", 1, "rack r1 has 1, the fewest where it could run are 0"));
    }

    /** No host passes the other rules, so spread removed only those that it never would let pass. */
    @Test
    void whereNothingFitsSpreadCountsOnlyHostsWithoutTheLabel() {
        List<RuleOutcome> rules = rules(
                vm(9).spread("rack", 1).memoryMib(20_000),
                host("h1").rack("r1"),
                host("h2").rack("r2"),
                host("h3").memoryMib(65_536));
        assertThat(rules)
                .extracting(RuleOutcome::rule, RuleOutcome::hostsRemoved, RuleOutcome::fix)
                .containsExactly(
                        tuple("memory", 2, "lower spec.vm.memory to 15992Mi or add a host with 20472 MiB free"),
                        tuple("spread", 1, "label h3 with rack in its agent's configuration"));
    }

    private static RuleOutcome only(TestVm vm, TestHost... hosts) {
        List<RuleOutcome> rules = rules(vm, hosts);
        assertThat(rules).hasSize(1);
        return rules.get(0);
    }

    private static List<RuleOutcome> rules(TestVm vm, TestHost... hosts) {
        List<HostView> views = Arrays.stream(hosts).map(TestHost::view).toList();
        Plan plan = Scheduler.plan(
                new ClusterSnapshot(views, List.of()), List.of(vm.request()), SchedulingPolicy.DEFAULT, 1);
        assertThat(plan.decisions().get(0).host()).isEmpty();
        return plan.decisions().get(0).rules();
    }
}
