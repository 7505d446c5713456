package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of violation is found in a plan that was broken by hand. */
class PlanCheckerTest {
    private static final SchedulingPolicy POLICY = new SchedulingPolicy(400, Packing.PACK, 2, 30, 5, NPlusOne.OFF);
    private static final String VM_0 = "VM 00000000-0000-0000-0000-000000000000 ";

    // ---- what a host is, and what it has

    static List<Arguments> brokenPlacements() {
        return List.of(
                broken(vm(0), host("h1").suspect(), "is placed on h1, which is not ready"),
                broken(vm(0), host("h1").cordoned(), "is placed on h1, which is cordoned"),
                broken(vm(0), host("h1").draining(), "is placed on h1, which is being drained"),
                broken(
                        vm(0).tolerates("dedicated", "web").tolerates("other"),
                        host("h1").taint("dedicated", "db"),
                        "is placed on h1, whose taint dedicated=db it does not tolerate"),
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
                        vm(0).cpuModel("EPYC"),
                        host("h1").cpuModels("Skylake"),
                        "is placed on h1, which cannot run CPU model EPYC"),
                broken(vm(0).avoids("h1"), host("h1"), "is placed on h1, which refused it lately"),
                broken(vm(0).vcpus(5), host("h1").cpus(1), "takes vCPUs on h1 to 5 of 4"),
                broken(vm(0).memoryMib(16_384), host("h1"), "takes memory on h1 to 16784 of 16384 MiB"),
                broken(
                        vm(0).memoryMib(16_384).hugepages(PageSize.GIB_1),
                        host("h1").hugepages(PageSize.GIB_1, 16_384).usedMemoryMib(15_985),
                        "takes memory on h1 to 16385 of 16384 MiB"),
                broken(
                        vm(0).memoryMib(1_025).hugepages(PageSize.GIB_1),
                        host("h1").hugepages(PageSize.GIB_1, 2_047).hugepages(PageSize.MIB_2, 16_384),
                        "takes hugepages of 1Gi on h1 to 2048 of 2047 MiB"),
                broken(
                        vm(0).disk("default", 1),
                        host("h1").usedPoolMib("default", 102_400),
                        "takes pool default on h1 to 102401 of 102400 MiB"),
                broken(vm(0).disk("fast", 1), host("h1"), "asks for pool fast, which h1 does not have"),
                broken(
                        vm(0).devices("gpu", 2),
                        host("h1").devices("gpu", 2).usedDevices("gpu", 1),
                        "takes devices gpu on h1 to 3 of 2"),
                broken(vm(0).devices("gpu", 1), host("h1"), "takes devices gpu on h1 to 1 of 0"),
                broken(vm(0), host("h1").starting(2), "takes starts in flight on h1 to 3 of 2"));
    }

    @ParameterizedTest
    @MethodSource("brokenPlacements")
    void rulesOnTheHost(TestVm vm, TestHost host, String violation) {
        assertThat(check(List.of(vm), List.of(placed(vm, "h1")), host)).containsExactly(VM_0 + violation);
    }

    @Test
    void whatFitsExactlyIsFine() {
        // 5 * 1024 + 64 + 103 + 32 MiB beside the pages; half of each on a NUMA node
        TestVm vm = vm(0).vcpus(4)
                .memoryMib(5 * 1_024)
                .numaNodes(2)
                .hugepages(PageSize.MIB_2)
                .disk("default", 400)
                .devices("gpu", 2)
                .tolerates("dedicated");
        TestHost host = host("h1")
                .cpus(1)
                .memoryMib(199)
                .hugepages(PageSize.MIB_2, 5_120)
                .numaNode(1, 100, PageSize.MIB_2, 2_560)
                .numaNode(1, 100, PageSize.MIB_2, 2_560)
                .pool("default", 400)
                .devices("gpu", 2)
                .taint("dedicated", "db")
                .starting(1);
        assertThat(check(List.of(vm), List.of(placed(vm, "h1", 0, 1)), host)).isEmpty();
        assertThat(Scheduler.plan(snapshot(List.of(), host), List.of(vm.request()), POLICY, 1)
                        .decisions()
                        .get(0)
                        .host())
                .isPresent();
    }

    static List<Arguments> brokenBindings() {
        TestVm two = vm(0).vcpus(3).numaNodes(2);
        TestHost host = host("h1")
                .numaNode(4, 4_096)
                .numaNode(4, 4_096)
                .usedNumaNode(1, 15, 0)
                .numaNode(4, 4_000)
                .usedNumaNode(2, 0, 3_516);
        return List.of(
                binding(two, host, "asks for 2 NUMA nodes and is bound to [0]", 0),
                binding(two, host, "is bound to NUMA node 7, which h1 does not have", 0, 7),
                binding(two, host, "is bound to NUMA node 0 twice", 0, 0),
                binding(two, host, "takes vCPUs of NUMA node 1 on h1 to 17 of 16", 0, 1),
                // 1024 + 64 + 21 + 24 MiB, half of it rounded up
                binding(two, host, "takes memory of NUMA node 2 on h1 to 4083 of 4000 MiB", 2, 0),
                binding(
                        vm(0).memoryMib(1_022).numaNodes(1).hugepages(PageSize.MIB_2),
                        host("h1").hugepages(PageSize.MIB_2, 8_192).numaNode(4, 4_096, PageSize.MIB_2, 1_020),
                        "takes hugepages of 2Mi of NUMA node 0 on h1 to 1022 of 1020 MiB",
                        0),
                binding(vm(0), host, "asks for 0 NUMA nodes and is bound to [0]", 0));
    }

    @ParameterizedTest
    @MethodSource("brokenBindings")
    void numaNodes(TestVm vm, TestHost host, Decision decision, String violation) {
        assertThat(check(List.of(vm), List.of(decision), host)).containsExactly(VM_0 + violation);
    }

    @Test
    void whatEarlierDecisionsTookIsCounted() {
        TestVm first = vm(0).memoryMib(8_192);
        TestVm second = vm(1).memoryMib(8_192);
        assertThat(check(List.of(first, second), List.of(placed(first, "h1"), placed(second, "h1")), host("h1")))
                .containsExactly("VM 00000000-0000-0000-0000-000000000001 takes memory on h1 to 16856 of 16384 MiB");
        TestVm bound = vm(0).numaNodes(1).vcpus(3);
        TestVm other = vm(1).numaNodes(1).vcpus(3);
        TestHost numa = host("h1").numaNode(1, 8_192).numaNode(1, 8_192);
        assertThat(check(List.of(bound, other), List.of(placed(bound, "h1", 1), placed(other, "h1", 1)), numa))
                .containsExactly("VM 00000000-0000-0000-0000-000000000001 takes vCPUs of NUMA node 1 on h1 to 6 of 4");
        assertThat(check(List.of(bound, other), List.of(placed(bound, "h1", 1), placed(other, "h1", 0)), numa))
                .isEmpty();
    }

    @Test
    void sumsThatAreTooLargeForALongAreFoundToo() {
        TestVm huge = vm(0).disk("default", Long.MAX_VALUE);
        assertThat(check(List.of(huge), List.of(placed(huge, "h1")), host("h1").usedPoolMib("default", 1)))
                .containsExactly(VM_0 + "takes pool default on h1 to 9223372036854775808 of 102400 MiB");
    }

    @Test
    void aBoundVmHoldsItsSpaceAlready() {
        TestVm bound = vm(0).disk("default", 50_000).boundTo("h1", "root");
        TestHost full = host("h1").usedPoolMib("default", 102_400);
        assertThat(check(List.of(bound), List.of(placed(bound, "h1")), full)).isEmpty();
    }

    // ---- other VMs

    @Test
    void affinity() {
        TestVm web = vm(0).of("web").near("cache", "rack").near("db", "host").likesNear("other", "rack");
        List<InstanceView> there =
                List.of(vm(1).of("cache").on("h1"), vm(2).of("db").on("h2"));
        TestHost[] hosts = {
            host("h1").rack("r1"), host("h2").rack("r1"), host("h3").rack("r2"), host("h4")
        };
        assertThat(checkOn("h2", web, there, hosts)).isEmpty();
        assertThat(checkOn("h1", web, there, hosts))
                .containsExactly(VM_0 + "is placed on h1, which has no VM of job shop/db, which it has to be near to");
        assertThat(checkOn("h3", web, there, hosts))
                .containsExactly(
                        VM_0 + "is placed on h3, whose rack r2 has no VM of job shop/cache, which it has to be near to",
                        VM_0 + "is placed on h3, which has no VM of job shop/db, which it has to be near to");
        assertThat(checkOn("h4", web, there, hosts)).contains(VM_0 + "is placed on h4, which has no label rack");
    }

    @Test
    void onlyTheFirstVmOfAJobMayBeAwayFromItsOwn() {
        TestVm first = vm(0).of("web").near("web", "rack");
        TestVm second = vm(1).of("web").near("web", "rack");
        TestHost[] hosts = {
            host("h1").rack("r1"), host("h2").rack("r1"), host("h3").rack("r2")
        };
        assertThat(check(List.of(first, second), List.of(placed(first, "h1"), placed(second, "h2")), hosts))
                .isEmpty();
        assertThat(check(List.of(first, second), List.of(placed(first, "h1"), placed(second, "h3")), hosts))
                .containsExactly("VM 00000000-0000-0000-0000-000000000001 is placed on h3, whose rack r2 has no VM of"
                        + " job shop/web, which it has to be near to");
    }

    @Test
    void antiAffinity() {
        TestVm web =
                vm(0).of("web").awayFrom("db", "rack").awayFrom("web", "host").likesAwayFrom("other", "rack");
        List<InstanceView> there = List.of(
                vm(1).of("db").on("h1"),
                vm(2).of("web").on("h3"),
                vm(3).of("other").on("h4"));
        TestHost[] hosts = {
            host("h1").rack("r1"),
            host("h2").rack("r1"),
            host("h3").rack("r2"),
            host("h4").rack("r2")
        };
        assertThat(checkOn("h2", web, there, hosts))
                .containsExactly(
                        VM_0 + "is placed on h2, whose rack r1 has a VM of job shop/db, which it keeps away from");
        assertThat(checkOn("h3", web, there, hosts))
                .containsExactly(VM_0 + "is placed on h3, which has a VM of job shop/web, which it keeps away from");
        assertThat(checkOn("h4", web, there, hosts)).isEmpty();
    }

    @Test
    void antiAffinityOfTheOtherSide() {
        TestVm db = vm(0).of("db");
        List<InstanceView> there = List.of(
                vm(1).of("web").awayFrom("db", "rack").on("h1"),
                vm(2).of("other").likesAwayFrom("db", "rack").on("h3"));
        TestHost[] hosts = {
            host("h1").rack("r1"), host("h2").rack("r1"), host("h3").rack("r2")
        };
        assertThat(checkOn("h2", db, there, hosts))
                .containsExactly(
                        VM_0 + "is placed on h2, whose rack r1 has a VM of job shop/web, which keeps away from it");
        assertThat(checkOn("h3", db, there, hosts)).isEmpty();

        TestVm web = vm(1).of("web").awayFrom("db", "host");
        assertThat(check(List.of(web, db), List.of(placed(web, "h1"), placed(db, "h1")), hosts))
                .containsExactly(VM_0 + "is placed on h1, which has a VM of job shop/web, which keeps away from it");
    }

    @Test
    void partitions() {
        TestVm web = vm(0).of("web").ordinal(4).partitions(3, "rack");
        List<InstanceView> there = List.of(
                vm(1).of("web").ordinal(1).on("h1"), vm(2).of("web").ordinal(2).on("h2"));
        TestHost[] hosts = {
            host("h1").rack("r1"), host("h2").rack("r2"), host("h3").rack("r3"), host("h4")
        };
        assertThat(checkOn("h1", web, there, hosts)).isEmpty();
        assertThat(checkOn("h3", web, there, hosts)).isEmpty();
        assertThat(checkOn("h2", web, there, hosts))
                .containsExactly(VM_0 + "is placed on h2, whose rack r2 has a VM of partition 2, it is in partition 1");
        assertThat(checkOn("h4", web, there, hosts)).containsExactly(VM_0 + "is placed on h4, which has no label rack");
        TestVm next = vm(5).of("web").ordinal(5).partitions(3, "rack");
        assertThat(check(List.of(web, next), List.of(placed(web, "h3"), placed(next, "h3")), hosts))
                .containsExactly("VM 00000000-0000-0000-0000-000000000005 is placed on h3, whose rack r3 has a VM of"
                        + " partition 1, it is in partition 2");
    }

    // ---- spread

    @Test
    void spread() {
        TestVm web = vm(0).of("web").spread("rack", 1);
        List<InstanceView> there = List.of(
                vm(1).of("web").on("h1"),
                vm(2).of("web").on("h1"),
                vm(3).of("web").on("h2"));
        TestHost[] hosts = {
            host("h1").rack("r1"), host("h2").rack("r2"), host("h3").rack("r3"), host("h4")
        };
        assertThat(checkOn("h3", web, there, hosts)).isEmpty();
        assertThat(checkOn("h2", web, there, hosts))
                .containsExactly(VM_0 + "is placed on h2, whose rack r2 has 1 VMs of its job, while h3 would do where"
                        + " there are 0 and maxSkew is 1");
        assertThat(checkOn("h1", web.spread("host", 3), there, hosts))
                .as("the first rule alone is broken")
                .containsExactly(VM_0 + "is placed on h1, whose rack r1 has 2 VMs of its job, while h3 would do where"
                        + " there are 0 and maxSkew is 1");
        assertThat(checkOn("h4", vm(0).of("web").spread("rack", 9), there, hosts))
                .containsExactly(VM_0 + "is placed on h4, which has no label rack");
    }

    private static List<String> checkWithThirdRack(TestHost third) {
        TestVm web = vm(0).of("web")
                .spread("rack", 1)
                .numaNodes(1)
                .disk("default", 10)
                .awayFrom("db", "zone")
                .partitions(2, "host");
        List<InstanceView> there = List.of(
                vm(1).of("web").on("h1"),
                vm(2).of("web").on("h2"),
                vm(3).of("db").on("h4"));
        return checkOn(
                "h5",
                web,
                there,
                host("h1").rack("r1").numaNode(8, 8_192),
                host("h2").rack("r2").numaNode(8, 8_192),
                third.numaNode(8, 8_192),
                host("h4").rack("r2").zone("other"),
                host("h5").rack("r1").numaNode(8, 8_192));
    }

    /** Each of them keeps the VM out of the rack with the fewest, by another rule. */
    static List<Arguments> noHelp() {
        return List.of(
                Arguments.of(host("h3").rack("r3").suspect()),
                Arguments.of(host("h3").rack("r3").taint("dedicated", "db")),
                Arguments.of(host("h3").rack("r3").cpus(0)),
                Arguments.of(host("h3").rack("r3").usedMemoryMib(16_000)),
                Arguments.of(host("h3").rack("r3").withoutPools()),
                Arguments.of(host("h3").rack("r3").usedPoolMib("default", 102_400)),
                Arguments.of(host("h3").rack("r3").starting(2)),
                Arguments.of(host("h3").rack("r3").usedNumaNode(0, 32, 0)),
                Arguments.of(host("h3").rack("r3").label("zone", "other")),
                Arguments.of(host("h3")));
    }

    @ParameterizedTest
    @MethodSource("noHelp")
    void aDomainWithoutAHostThatWouldDoHoldsNobodyBack(TestHost noHelp) {
        assertThat(checkWithThirdRack(noHelp)).isEmpty();
    }

    @Test
    void aDomainWithAHostThatWouldDoDoes() {
        assertThat(checkWithThirdRack(host("h3").rack("r3")))
                .containsExactly(VM_0 + "is placed on h5, whose rack r1 has 1 VMs of its job, while h3 would do where"
                        + " there are 0 and maxSkew is 1");
    }

    @Test
    void hostsThatEarlierDecisionsFilledHoldNobodyBack() {
        List<TestVm> vms = new ArrayList<>();
        List<Decision> decisions = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            TestVm vm = vm(i).of("web").memoryMib(8_192).spread("host", 1);
            vms.add(vm);
            decisions.add(placed(vm, i < 2 ? "h" + (i + 1) : "h3"));
        }
        List<InstanceView> there = List.of(vm(9).of("web").on("h3"));
        TestHost large = host("h3").memoryMib(65_536);
        assertThat(check(snapshot(there, host("h1"), host("h2"), large), vms, decisions))
                .isEmpty();
        TestHost room = host("h2").memoryMib(65_536);
        assertThat(check(snapshot(there, host("h1"), room, large), vms, decisions))
                .containsExactly("VM 00000000-0000-0000-0000-000000000003 is placed on h3, which has 2 VMs of its job,"
                        + " while h2 would do where there are 1 and maxSkew is 1");
    }

    @Test
    void aSecondRuleOfSpreadCountsWhatTheFirstHasLeft() {
        TestVm web = vm(0).of("web").spread("zone", 1).spread("host", 1);
        List<InstanceView> there = List.of(
                vm(1).of("web").on("h4"),
                vm(2).of("web").on("h4"),
                vm(3).of("web").on("h4"),
                vm(4).of("web").on("h2"));
        TestHost[] hosts = {
            host("h1").zone("a"),
            host("h2").zone("b"),
            host("h3").zone("b"),
            host("h4").zone("a")
        };
        assertThat(checkOn("h3", web, there, hosts)).isEmpty();
        assertThat(checkOn("h1", web, there, hosts))
                .containsExactly(VM_0 + "is placed on h1, whose zone a has 3 VMs of its job, while h2 would do where"
                        + " there are 1 and maxSkew is 1");
        assertThat(checkOn("h2", web, there, hosts))
                .containsExactly(VM_0 + "is placed on h2, which has 1 VMs of its job, while h3 would do where there"
                        + " are 0 and maxSkew is 1");
        TestHost[] withoutH3 = {hosts[0], hosts[1], hosts[3]};
        assertThat(checkOn("h2", web, there, withoutH3))
                .as("h1 has fewer by host, but is not allowed by zone")
                .isEmpty();
    }

    // ---- decisions that do not fit the requests

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
        UUID vm = vm(0).request().vmId();
        TestHost[] two = {host("h1"), host("h2")};
        Decision rejected = new Decision(vm, Optional.empty(), 0, List.of(), 2, List.of(rule(1)), Optional.empty());
        assertThat(check(List.of(vm(0)), List.of(rejected), two))
                .containsExactly(VM_0 + "has rules that removed 1 of 2 hosts, and is not placed");

        Decision placed = new Decision(vm, Optional.of("id-h1"), 0, List.of(), 2, List.of(rule(2)), Optional.empty());
        assertThat(check(List.of(vm(0)), List.of(placed), two))
                .containsExactly(VM_0 + "has rules that removed 2 of 2 hosts, and is placed");

        Decision wrong = new Decision(vm, Optional.of("id-h1"), 101, List.of(), 5, List.of(rule(0)), Optional.empty());
        assertThat(check(List.of(vm(0)), List.of(wrong), host("h1")))
                .containsExactly(
                        VM_0 + "has a row of rule memory that removed no host",
                        VM_0 + "was decided on with 5 hosts of 1",
                        VM_0 + "has a score of 101");

        Decision bound = new Decision(vm, Optional.empty(), 0, List.of(3), 1, List.of(rule(1)), Optional.empty());
        assertThat(check(List.of(vm(0)), List.of(bound), host("h1")))
                .containsExactly(VM_0 + "is not placed and is bound to NUMA nodes [3]");
    }

    private static Arguments broken(TestVm vm, TestHost host, String violation) {
        return Arguments.of(vm, host, violation);
    }

    private static Arguments binding(TestVm vm, TestHost host, String violation, Integer... nodes) {
        return Arguments.of(vm, host, placed(vm, "h1", nodes), violation);
    }

    private static RuleOutcome rule(int hostsRemoved) {
        return new RuleOutcome("memory", hostsRemoved, Optional.empty(), "", "", "", "");
    }

    private static Decision placed(TestVm vm, String hostName, Integer... numaNodes) {
        return new Decision(
                vm.request().vmId(),
                Optional.of("id-" + hostName),
                50,
                List.of(numaNodes),
                1,
                List.of(),
                Optional.empty());
    }

    /** The VM alone, on one of the hosts. */
    private static List<String> checkOn(String hostName, TestVm vm, List<InstanceView> instances, TestHost... hosts) {
        Integer[] nodes = vm.shape().numaNodes() == 0 ? new Integer[0] : new Integer[] {0};
        return check(snapshot(instances, hosts), List.of(vm), List.of(placed(vm, hostName, nodes)));
    }

    private static List<String> check(List<TestVm> vms, List<Decision> decisions, TestHost... hosts) {
        return check(snapshot(List.of(), hosts), vms, decisions);
    }

    private static List<String> check(ClusterSnapshot snapshot, List<TestVm> vms, List<Decision> decisions) {
        List<PlacementRequest> requests = vms.stream().map(TestVm::request).toList();
        List<Decision> counted = decisions.stream()
                .map(decision -> decision.hostsConsidered() == 1
                        ? new Decision(
                                decision.vmId(),
                                decision.host(),
                                decision.score(),
                                decision.numaNodes(),
                                snapshot.hosts().size(),
                                decision.rules(),
                                Optional.empty())
                        : decision)
                .toList();
        return PlanChecker.check(snapshot, requests, POLICY, new Plan(counted));
    }

    private static ClusterSnapshot snapshot(List<InstanceView> instances, TestHost... hosts) {
        return new ClusterSnapshot(Arrays.stream(hosts).map(TestHost::view).toList(), instances);
    }
}
