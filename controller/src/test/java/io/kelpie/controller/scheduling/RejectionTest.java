package io.kelpie.controller.scheduling;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.resources.QemuOverhead;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code explain} has to say of each rule. */
class RejectionTest {
    @Test
    void hostReady() {
        assertThat(only(vm(0), host("h1").suspect()))
                .isEqualTo(row(
                        "host-ready",
                        1,
                        "h1",
                        "a host that is READY",
                        "h1 is SUSPECT",
                        "",
                        "start the agent on h1 or see why it is not heard: kelpie describe host h1"));
    }

    @Test
    void cordon() {
        assertThat(only(vm(0), host("h1").cordoned()))
                .isEqualTo(row(
                        "cordon",
                        1,
                        "h1",
                        "a host that is not cordoned",
                        "h1 is cordoned",
                        "",
                        "uncordon h1: kelpie uncordon h1"));
    }

    @Test
    void theCordonedHostThatWouldDoIsNamed() {
        RuleOutcome outcome = only(
                vm(0),
                host("h1").cordoned().usedMemoryMib(16_384),
                host("h2").cordoned(),
                host("h3").cordoned());
        assertThat(outcome.hostsRemoved()).isEqualTo(3);
        assertThat(outcome.fix()).isEqualTo("uncordon h2: kelpie uncordon h2");
    }

    @Test
    void labels() {
        TestVm picky = vm(0).require("disk", "ssd", "nvme").require("zone", "a");
        assertThat(only(
                        picky,
                        host("h1").label("disk", "hdd"),
                        host("h2").label("disk", "hdd").label("zone", "a")))
                .isEqualTo(row(
                        "labels",
                        2,
                        "h2",
                        "disk in [ssd, nvme]",
                        "disk=hdd",
                        "",
                        "label a host disk=ssd, e.g. h2, or change spec.placement.require"));
        assertThat(only(picky, host("h1")).free()).isEqualTo("no label disk, no label zone");
    }

    @Test
    void diskLocation() {
        List<RuleOutcome> rules = rules(
                vm(0).boundTo("h7", "root"), host("h1"), host("h2"), host("h7").cordoned());
        assertThat(rules).hasSize(2);
        assertThat(rules.get(1))
                .isEqualTo(new RuleOutcome(
                        "disk-location",
                        2,
                        Optional.empty(),
                        "data of disk root is on h7",
                        "only h7 has it",
                        "",
                        "see which rule keeps h7 out, or keep disk root on a shared pool"));
    }

    @Test
    void diskLocationOnAHostThatIsGone() {
        RuleOutcome outcome = only(vm(0).boundTo("h7", "data"), host("h1"));
        assertThat(outcome.free()).isEqualTo("host id-h7 is not in the cluster");
        assertThat(outcome.fix()).startsWith("bring host id-h7 back");
    }

    @Test
    void driver() {
        TestHost withoutLibvirt = host("h1").drivers(EnumSet.of(DriverKind.QEMU, DriverKind.FAKE));
        assertThat(only(vm(0).driver(DriverKind.LIBVIRT), withoutLibvirt))
                .isEqualTo(row(
                        "driver",
                        1,
                        "h1",
                        "driver libvirt",
                        "usable: fake, qemu",
                        "",
                        "set spec.vm.driver to auto, or make libvirt usable on h1: kelpie describe host h1 says what is"
                                + " missing"));
        assertThat(only(vm(0), host("h1").drivers(EnumSet.noneOf(DriverKind.class))))
                .isEqualTo(row(
                        "driver",
                        1,
                        "h1",
                        "driver qemu or libvirt",
                        "no usable driver",
                        "",
                        "make qemu usable on h1: kelpie describe host h1 says what is missing"));
    }

    @Test
    void acceleration() {
        assertThat(only(vm(0), host("h1").withoutKvm()))
                .isEqualTo(row(
                        "acceleration",
                        1,
                        "h1",
                        "kvm",
                        "kvm is not verified on h1",
                        "",
                        "set spec.vm.acceleration.mode to any or tcg, or make KVM work on h1: kelpie describe host h1"
                                + " says what is missing"));
    }

    @Test
    void paging() {
        assertThat(only(vm(0), host("h1").paging(PagingMode.SHADOW)))
                .isEqualTo(row(
                        "paging",
                        1,
                        "h1",
                        "hardware paging (EPT or NPT)",
                        "shadow",
                        "",
                        "set spec.vm.acceleration.paging to any, or load kvm_intel with ept=1 (kvm_amd with npt=1) on"
                                + " h1"));
    }

    @Test
    void vcpu() {
        TestVm big = vm(0).vcpus(4);
        assertThat(only(big, host("h1").cpus(2).usedVcpus(7), host("h2").cpus(2).usedVcpus(6)))
                .isEqualTo(row(
                        "vcpu",
                        2,
                        "h2",
                        "4 vCPUs",
                        "2 vCPUs of 8",
                        "2 vCPUs",
                        "lower spec.vm.vcpus to 2 or free 2 vCPUs on h2"));
        assertThat(only(big, host("h1").cpus(2).usedVcpus(9)).fix()).isEqualTo("free 5 vCPUs on h1");
        assertThat(only(vm(0).vcpus(9), host("h1").cpus(2)).fix())
                .isEqualTo("lower spec.vm.vcpus to 8 or add a host that can promise 9 vCPUs");
    }

    @Test
    void memoryNamesTheHostWithTheSmallestShortfall() {
        assertThat(only(
                        vm(0).memoryMib(4_096),
                        host("h1").usedMemoryMib(16_000),
                        host("h2").usedMemoryMib(12_442),
                        host("h3").usedMemoryMib(13_000)))
                .isEqualTo(row(
                        "memory",
                        3,
                        "h2",
                        "4250 MiB (4096 MiB for the guest, 154 MiB for QEMU)",
                        "3942 MiB",
                        "308 MiB",
                        "lower spec.vm.memory to 3794Mi or free 308 MiB on h2"));
    }

    @Test
    void memoryLargerThanAnyHost() {
        assertThat(only(vm(0).memoryMib(1_048_576), host("h1")).fix())
                .isEqualTo("lower spec.vm.memory to 15992Mi or add a host with 1069620 MiB free");
        assertThat(only(vm(0), host("h1").usedMemoryMib(16_384)).fix()).isEqualTo("free 1117 MiB on h1");
    }

    @Test
    void theMemoryThatTheFixNamesIsTheMostThatFits() {
        for (long free = 1_100; free < 6_000; free += 7) {
            RuleOutcome outcome = only(vm(0).memoryMib(6_000), host("h1").usedMemoryMib(16_384 - free));
            long named = Long.parseLong(outcome.fix()
                    .replaceAll("lower spec.vm.memory to ([0-9]+)Mi .*", "$1")
                    .replaceAll("lower spec.vm.memory to ([0-9]+)Gi .*", "$1"));
            long fitting = outcome.fix().contains("Gi ") ? named * 1_024 : named;
            assertThat(QemuOverhead.memoryMib(fitting, 1)).isLessThanOrEqualTo(free);
            assertThat(QemuOverhead.memoryMib(fitting + 1, 1)).isGreaterThan(free);
        }
    }

    @Test
    void diskSpace() {
        TestHost short1 = host("h1").usedPoolMib("default", 92_160);
        assertThat(only(vm(0).disk("default", 20_480), short1))
                .isEqualTo(row(
                        "disk-space",
                        1,
                        "h1",
                        "20480 MiB in pool default",
                        "10240 MiB in pool default",
                        "10240 MiB",
                        "lower the disks in pool default by 10240 MiB or free as much on h1"));
    }

    @Test
    void anUnknownPoolHasItsOwnWords() {
        assertThat(only(vm(0).disk("fast", 20_480), host("h1")))
                .isEqualTo(row(
                        "disk-space",
                        1,
                        "h1",
                        "20480 MiB in pool fast",
                        "no pool fast on h1",
                        "",
                        "use pool default, or define pool fast in the agent's configuration of h1"));
        assertThat(only(vm(0).disk("fast", 1), host("h1").withoutPools()).fix())
                .isEqualTo("define pool fast in the agent's configuration of h1");
    }

    @Test
    void aHostThatLacksRoomIsNearerThanOneThatLacksThePool() {
        RuleOutcome outcome =
                only(vm(0).disk("fast", 20_480), host("h1"), host("h2").pool("fast", 10));
        assertThat(outcome.nearestHost()).contains("h2");
        assertThat(outcome.shortfall()).isEqualTo("20470 MiB");
    }

    @Test
    void refusedLately() {
        assertThat(only(vm(0).avoids("h1"), host("h1")))
                .isEqualTo(row(
                        "refused-lately",
                        1,
                        "h1",
                        "a host that did not refuse the last start",
                        "h1 refused it",
                        "",
                        "wait, h1 is tried again by itself; kelpie describe of the VM shows why it refused"));
    }

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

    private static RuleOutcome row(
            String rule, int hosts, String nearest, String asked, String free, String shortfall, String fix) {
        return new RuleOutcome(rule, hosts, Optional.of(nearest), asked, free, shortfall, fix);
    }

    private static RuleOutcome only(TestVm vm, TestHost... hosts) {
        List<RuleOutcome> rules = rules(vm, hosts);
        assertThat(rules).hasSize(1);
        return rules.get(0);
    }

    private static List<RuleOutcome> rules(TestVm vm, TestHost... hosts) {
        List<HostView> views = Arrays.stream(hosts).map(TestHost::view).toList();
        Plan plan = Scheduler.plan(new ClusterSnapshot(views), List.of(vm.request()), SchedulingPolicy.DEFAULT, 1);
        assertThat(plan.decisions().get(0).host()).isEmpty();
        return plan.decisions().get(0).rules();
    }
}
