package io.kelpie.controller.scheduling.check;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.RandomCluster;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the checker of plans knows of the loss of a host. */
class LossBookTest {
    private static final SchedulingPolicy ENFORCED =
            SchedulingPolicy.DEFAULT.withOvercommit(100).withNPlusOne(NPlusOne.ENFORCE);

    private static List<String> check(
            SchedulingPolicy policy,
            PlacementRequest request,
            String hostName,
            Optional<String> backupName,
            List<InstanceView> instances,
            TestHost... hosts) {
        ClusterSnapshot snapshot =
                RandomCluster.snapshot(Arrays.stream(hosts).map(TestHost::view).toList(), instances);
        Decision decision = new Decision(
                request.vmId(),
                Optional.of("id-" + hostName),
                50,
                request.shape().numaNodes() == 0 ? List.of() : List.of(0),
                hosts.length,
                List.of(),
                backupName.map(name -> "id-" + name));
        return PlanChecker.check(snapshot, List.of(request), policy, new Plan(List.of(decision)));
    }

    private static InstanceView backedUp(TestVm vm, String hostName, String backupName) {
        return vm.on(hostName).backedUpOn(Optional.of("id-" + backupName));
    }

    @Test
    void aNewVmNeedsABackup() {
        PlacementRequest request = vm(0).request();
        assertThat(check(ENFORCED, request, "h1", Optional.empty(), List.of(), host("h1"), host("h2")))
                .singleElement()
                .asString()
                .contains("no host keeps room for it should h1 be lost");
        assertThat(check(ENFORCED, request, "h1", Optional.of("h2"), List.of(), host("h1"), host("h2")))
                .isEmpty();
        SchedulingPolicy warned = ENFORCED.withNPlusOne(NPlusOne.WARN);
        assertThat(check(warned, request, "h1", Optional.empty(), List.of(), host("h1"), host("h2")))
                .isEmpty();
        assertThat(check(ENFORCED, request.comingBack(), "h1", Optional.empty(), List.of(), host("h1"), host("h2")))
                .isEmpty();
    }

    @Test
    void theBackupIsAnotherHostThatWouldDo() {
        PlacementRequest request = vm(0).require("disk", "ssd").request();
        TestHost ssd = host("h1").label("disk", "ssd");
        assertThat(check(ENFORCED, request, "h1", Optional.of("h1"), List.of(), ssd, host("h2")))
                .singleElement()
                .asString()
                .contains("has its backup on id-h1, which cannot be one");
        assertThat(check(ENFORCED, request, "h1", Optional.of("h9"), List.of(), ssd, host("h2")))
                .singleElement()
                .asString()
                .contains("has its backup on id-h9, which cannot be one");
        assertThat(check(ENFORCED, request, "h1", Optional.of("h2"), List.of(), ssd, host("h2")))
                .singleElement()
                .asString()
                .contains("could not be started on its backup h2", "label disk");
    }

    static List<Arguments> amounts() {
        return List.of(
                Arguments.of(vm(0).vcpus(3), host("h2").cpus(5), "1 of vCPUs"),
                Arguments.of(vm(0).memoryMib(3_000), host("h2").memoryMib(6_000), "MiB of memory"),
                Arguments.of(
                        vm(0).hugepages(PageSize.MIB_2).memoryMib(1_000),
                        host("h2").hugepages(PageSize.MIB_2, 1_500),
                        "500 MiB of hugepages"),
                Arguments.of(vm(0).devices("gpu", 1), host("h2").devices("gpu", 1), "1 of devices gpu"),
                Arguments.of(vm(0).disk("fast", 700), host("h2").pool("fast", 1_000), "400 MiB of pool fast"),
                Arguments.of(
                        vm(0).numaNodes(1).vcpus(3),
                        host("h2").cpus(16).numaNode(3, 50_000).numaNode(2, 50_000),
                        "1 vCPUs of NUMA nodes"));
    }

    /** Two VMs of a host, each of which would fit on the backup. */
    @ParameterizedTest
    @MethodSource("amounts")
    void theVmsOfOneHostFitOnTheirBackupTogether(TestVm one, TestHost backup, String missing) {
        TestHost lost = host("h1")
                .cpus(64)
                .memoryMib(100_000)
                .hugepages(PageSize.MIB_2, 50_000)
                .devices("gpu", 8)
                .pool("fast", 10_000)
                .numaNode(32, 50_000);
        PlacementRequest other = one.request().by(new UUID(9, 9), TestVm.job("former"), 0);
        InstanceView former = InstanceView.of(other, "id-h1", List.of(), 0).backedUpOn(Optional.of("id-h2"));
        assertThat(check(ENFORCED, one.request(), "h1", Optional.of("h2"), List.of(former), lost, backup))
                .singleElement()
                .asString()
                .contains("without host id-h1, host h2 has to start 2 VMs and lacks")
                .contains(missing);
        assertThat(check(
                        ENFORCED,
                        one.request(),
                        "h1",
                        Optional.of("h2"),
                        List.of(former.backedUpOn(Optional.empty())),
                        lost,
                        backup))
                .isEmpty();
    }

    @Test
    void roomThatAPlanTakesIsNotThereForOthers() {
        InstanceView former = backedUp(vm(7).memoryMib(3_000), "h1", "h2");
        TestHost[] hosts = {host("h1"), host("h2").memoryMib(6_000), host("h3")};
        assertThat(check(ENFORCED, vm(1).memoryMib(3_000).request(), "h2", Optional.of("h3"), List.of(former), hosts))
                .singleElement()
                .asString()
                .contains("without host id-h1, host h2 has to start 1 VMs");
        assertThat(check(ENFORCED, vm(1).memoryMib(3_000).request(), "h3", Optional.of("h2"), List.of(former), hosts))
                .as("one host is lost at a time: the room is shared")
                .isEmpty();
    }
}
