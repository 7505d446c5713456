package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PlanCheckerTest {
    private static final String VM_0 = "VM 00000000-0000-0000-0000-000000000000 ";

    static List<Arguments> brokenPlacements() {
        return List.of(
                broken(vm(0), host("h1").suspect(), "is placed on h1, which is not ready"),
                broken(vm(0), host("h1").cordoned(), "is placed on h1, which is cordoned"),
                broken(vm(0).require("disk", "ssd"), host("h1"), "is placed on h1, whose label disk is null"),
                broken(
                        vm(0).require("disk", "ssd"),
                        host("h1").label("disk", "hdd"),
                        "is placed on h1, whose label disk is hdd"),
                broken(vm(0).boundTo("h7", "root"), host("h1"), "is placed on h1, its disk root is on id-h7"),
                broken(vm(0).driver(DriverKind.LIBVIRT), host("h1"), "is placed on h1, which has no fitting driver"),
                broken(
                        vm(0),
                        host("h1").drivers(EnumSet.of(DriverKind.FAKE)),
                        "is placed on h1, which has no fitting driver"),
                broken(
                        vm(0),
                        host("h1").withoutKvm().paging(PagingMode.EPT),
                        "is placed on h1, where KVM is not verified"),
                broken(vm(0), host("h1").paging(PagingMode.SHADOW), "is placed on h1, which has no hardware paging"),
                broken(
                        vm(0).vcpus(5),
                        host("h1").cpus(1),
                        "makes 5 vCPUs on h1, which has 1 CPUs and may promise 400 %"),
                broken(vm(0).memoryMib(16_384), host("h1"), "makes 16784 MiB of memory on h1, which has 16384 MiB"),
                broken(
                        vm(0).disk("default", 1),
                        host("h1").usedPoolMib("default", 102_400),
                        "makes 102401 MiB in pool default of h1, which has 102400 MiB"),
                broken(vm(0).disk("fast", 1), host("h1"), "asks for pool fast, which h1 does not have"),
                broken(vm(0).avoids("h1"), host("h1"), "is placed on h1, which refused it lately"));
    }

    @ParameterizedTest
    @MethodSource("brokenPlacements")
    void everyRuleIsChecked(TestVm vm, TestHost host, String violation) {
        assertThat(check(List.of(vm), List.of(placed(vm, "h1")), host)).containsExactly(VM_0 + violation);
    }

    @Test
    void whatEarlierDecisionsTookIsCounted() {
        TestVm first = vm(0).memoryMib(8_192);
        TestVm second = vm(1).memoryMib(8_192);
        assertThat(check(List.of(first, second), List.of(placed(first, "h1"), placed(second, "h1")), host("h1")))
                .containsExactly("VM 00000000-0000-0000-0000-000000000001 makes 16856 MiB of memory on h1, which has"
                        + " 16384 MiB");
    }

    @Test
    void aBoundVmHoldsItsSpaceAlready() {
        TestVm bound = vm(0).disk("default", 50_000).boundTo("h1", "root");
        TestHost full = host("h1").usedPoolMib("default", 102_400);
        assertThat(check(List.of(bound), List.of(placed(bound, "h1")), full)).isEmpty();
    }

    @Test
    void anUnknownHost() {
        assertThat(check(List.of(vm(0)), List.of(placed(vm(0), "h9")), host("h1")))
                .containsExactly(VM_0 + "is placed on host id-h9, which the snapshot does not have");
    }

    @Test
    void decisionsThatDoNotAnswerTheRequests() {
        assertThat(check(List.of(vm(0)), List.of(), host("h1"))).containsExactly("1 requests have 0 decisions");
        assertThat(check(List.of(vm(0)), List.of(placed(vm(1), "h1")), host("h1")))
                .containsExactly("decision 0 is for VM 00000000-0000-0000-0000-000000000001, its request is for VM"
                        + " 00000000-0000-0000-0000-000000000000");
        assertThat(check(List.of(vm(0), vm(0)), List.of(placed(vm(0), "h1"), placed(vm(0), "h1")), host("h1")))
                .containsExactly(VM_0 + "is decided on twice");
    }

    @Test
    void countsThatDoNotAddUp() {
        Decision rejected = new Decision(vm(0).request().vmId(), Optional.empty(), 0, 2, List.of(rule(1)));
        assertThat(check(List.of(vm(0)), List.of(rejected), host("h1"), host("h2")))
                .containsExactly(VM_0 + "has rules that removed 1 of 2 hosts, and is not placed");

        Decision placed = new Decision(vm(0).request().vmId(), Optional.of("id-h1"), 0, 2, List.of(rule(2)));
        assertThat(check(List.of(vm(0)), List.of(placed), host("h1"), host("h2")))
                .containsExactly(VM_0 + "has rules that removed 2 of 2 hosts, and is placed");

        Decision wrong = new Decision(vm(0).request().vmId(), Optional.of("id-h1"), 101, 5, List.of(rule(0)));
        assertThat(check(List.of(vm(0)), List.of(wrong), host("h1")))
                .containsExactly(
                        VM_0 + "has a row of rule memory that removed no host",
                        VM_0 + "was decided on with 5 hosts of 1",
                        VM_0 + "has a score of 101");
    }

    private static Arguments broken(TestVm vm, TestHost host, String violation) {
        return Arguments.of(vm, host, violation);
    }

    private static RuleOutcome rule(int hostsRemoved) {
        return new RuleOutcome("memory", hostsRemoved, Optional.empty(), "", "", "", "");
    }

    private static Decision placed(TestVm vm, String hostName) {
        return new Decision(vm.request().vmId(), Optional.of("id-" + hostName), 50, 1, List.of());
    }

    private static List<String> check(List<TestVm> vms, List<Decision> decisions, TestHost... hosts) {
        List<HostView> views = Arrays.stream(hosts).map(TestHost::view).toList();
        List<PlacementRequest> requests = vms.stream().map(TestVm::request).toList();
        return PlanChecker.check(new ClusterSnapshot(views), requests, SchedulingPolicy.DEFAULT, new Plan(decisions));
    }
}
