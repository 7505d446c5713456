package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.BackupPlace;
import io.kelpie.proto.v1.DeviceCount;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.NumaNode;
import io.kelpie.proto.v1.Power;
import io.kelpie.proto.v1.QueuePlace;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.StopRung;
import io.kelpie.proto.v1.Taint;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** describe and explain. */
class DescribeCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @AfterEach
    void close() {
        controller.close();
    }

    @Test
    void aVmWithItsLastExitAndQemusOwnWords() {
        Vm vm = Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1");
        cluster.put(vm.toBuilder()
                .setRecord(vm.getRecord().toBuilder()
                        .setIncarnation(3)
                        .setLeased(true)
                        .setStorageHostId("id-h1")
                        .setReservation(Reservation.newBuilder().setVcpus(2).setMemoryMib(2169))
                        .setLastExit(InstanceExit.newBuilder()
                                .setIncarnation(2)
                                .setReason(ExitReason.EXIT_REASON_CRASHED)
                                .setSignal(9)
                                .setRung(StopRung.STOP_RUNG_UNSPECIFIED)
                                .setAtMillis(Kelpie.NOW - 20_000)
                                .setStderrTail("qemu: \u001b]0;owned\u0007 line 1\nline 2\n")))
                .setObserved(InstanceReport.newBuilder()
                        .setPhase(InstancePhase.INSTANCE_PHASE_RUNNING)
                        .setPower(Power.POWER_RUNNING)
                        .setPid(4711)
                        .setDriver(DriverChoice.DRIVER_CHOICE_QEMU)
                        .setAccelerator("kvm"))
                .build());
        cluster.events.add(Samples.event(1, "vm/default/web-0", "Started", "on h1, incarnation 3"));

        Kelpie.Result result = kelpie.run("describe", "vm", "web-0");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).isEqualTo("""
                        name:         web-0
                        namespace:    default
                        job:          web (ordinal 0)
                        uuid:         00000000-0000-8000-8000-000000000000
                        state:        RUNNING, since 12s
                        host:         h1
                        leased:       yes: if its host is lost it ends with the host's lease and is started elsewhere
                        incarnation:  3
                        spec version: 1
                        holds:        2 vCPUs, 2169 MiB memory
                        files:        on host h1
                        spec:
                          vcpus: 2
                          memory: 2Gi
                          acceleration:
                            mode: kvm
                            paging: hardware
                          boot: {}
                          stop:
                            graceSeconds: 0
                          driver: auto
                        placement: -
                        instance:
                          phase:       running
                          power:       running
                          pid:         4711
                          driver:      qemu
                          accelerator: kvm
                        last exit:
                          how:         crashed, signal 9
                          incarnation: 2
                          when:        2025-12-31T23:59:40Z (20s ago)
                          stderr:
                            qemu: ?]0;owned? line 1
                            line 2
                        events:
                          AGE   TYPE      MESSAGE
                          5s    Started   on h1, incarnation 3
                        """);
    }

    @Test
    void aHostWithAllItsCapabilitiesAndReasons() {
        cluster.put(Samples.tcgHost("h2").toBuilder()
                .setNextStep("its leased VMs are started elsewhere")
                .setNextStepAtMillis(Kelpie.NOW + 9_000)
                .setLeasedInstances(2)
                .build());

        assertThat(kelpie.run("describe", "host/h2").out()).isEqualTo("""
                        name:     h2
                        id:       id-h2
                        health:   SUSPECT, since 60s: no heartbeat for 20 s
                        next:     its leased VMs are started elsewhere, in 9s at the earliest (2026-01-01T00:00:09Z)
                        lease:    none that this leader has granted; 2 leased VMs placed there
                        cordoned: yes: no new VM is placed there
                        labels:   disk=ssd
                        joined:   2025-12-29T22:00:00Z
                        agent:    0.1.0
                        capacity:
                          cpus:         8
                          vCPUs in use: 6 (75%)
                          memory:       15872 MiB for VMs, 6384 MiB in use
                          instances:    3, 2 of them leased
                        capabilities:
                          cpu:         Some CPU
                          cpu flags:   vmx ept
                          kernel:      -
                          kvm modules: loaded
                          /dev/kvm:    absent, API version 12: /dev/kvm is absent
                          paging:      -
                          kvm probe:   not tried
                          tcg probe:   verified, a guest booted in 300 ms
                        drivers:
                          qemu:    usable 7.2.15
                          libvirt: not usable: no socket at /run/libvirt
                        pools:
                          NAME      PATH              KIND    TOTAL   FREE     RESERVED
                          default   /var/lib/kelpie   local   100Gi   50.1Gi   0Mi
                        vms: -
                        events: -
                        """);
    }

    @Test
    void aHostWithTaintsNumaNodesHugepagesAndDevices() {
        Host.Builder host = Samples.host("h1").toBuilder();
        host.getRecordBuilder()
                .addTaints(Taint.newBuilder().setKey("gpu").setValue("yes"))
                .addTaints(Taint.newBuilder().setKey("old"));
        HugepageCount pages = HugepageCount.newBuilder()
                .setSize(Hugepages.HUGEPAGES_2MI)
                .setCount(512)
                .build();
        host.getRecordBuilder()
                .getCapacityBuilder()
                .addHugepages(pages)
                .addHugepages(HugepageCount.newBuilder()
                        .setSize(Hugepages.HUGEPAGES_1GI)
                        .setCount(4))
                .addNumaNodes(
                        NumaNode.newBuilder().setCpus(4).setMemoryMib(7936).addHugepages(pages))
                .addNumaNodes(NumaNode.newBuilder().setId(1).setCpus(4).setMemoryMib(7936))
                .addDevices(DeviceCount.newBuilder()
                        .setKind("gpu")
                        .setCount(2)
                        .addAddresses("0000:3b:00.0")
                        .addAddresses("0000:3b:00.1"))
                .addDevices(DeviceCount.newBuilder().setKind("nic").setCount(8));
        host.getCapabilitiesBuilder()
                .addCpuModels("EPYC")
                .addCpuModels("qemu64")
                .setNested(true)
                .addCachedImages("ab".repeat(32));
        cluster.put(host.build());

        assertThat(kelpie.run("describe", "host", "h1").out())
                .contains("taints:   gpu=yes,old: only VMs that tolerate them are placed there\n")
                .contains("  hugepages:    512x2Mi,4x1Gi\n")
                .contains("  numa node 0:  4 cpus, 7936 MiB for VMs, hugepages 512x2Mi\n")
                .contains("  numa node 1:  4 cpus, 7936 MiB for VMs\n")
                .contains("  devices gpu:  2: 0000:3b:00.0 0000:3b:00.1\n")
                .contains("  devices nic:  8, of a rehearsal\n")
                .contains("  cpu models:    EPYC qemu64\n")
                .contains("  cached images: 1\n")
                .contains("  nesting:       guests under KVM may run guests themselves\n");
        assertThat(kelpie.run("get", "hosts", "-o", "wide").out().lines().toList())
                .satisfiesExactly(
                        header -> assertThat(header).contains("TAINTS", "NUMA", "HUGEPAGES", "DEVICES"),
                        row -> assertThat(row).contains("gpu=yes,old   2      512x2Mi,4x1Gi   2xgpu,8xnic"));
    }

    @Test
    void aHostThatWaitsForSomebodySaysWhatToDoWithoutATime() {
        Host suspect = Samples.tcgHost("h2").toBuilder()
                .setNextStep("power it off: kelpie host fence h2")
                .build();
        cluster.put(suspect);
        assertThat(kelpie.run("describe", "host", "h2").out())
                .contains("next:     power it off: kelpie host fence h2\n");

        cluster.put(suspect.toBuilder().setNextStepAtMillis(Kelpie.NOW - 1).build());
        assertThat(kelpie.run("describe", "host", "h2").out())
                .contains("next:     power it off: kelpie host fence h2, any moment now\n");
    }

    @Test
    void aFencedHostAndOneThatHoldsALease() {
        cluster.put(Samples.host("h1").toBuilder()
                .setHealth(HostHealth.HOST_HEALTH_FENCED)
                .setHealthReason("its last lease has ended")
                .build());
        Host leased = Samples.host("h2").toBuilder()
                .setLeased(true)
                .setLeasedInstances(1)
                .build();
        cluster.put(leased);

        assertThat(kelpie.run("describe", "host", "h1").out())
                .contains("health:   FENCED, since 60s: its last lease has ended\n")
                .contains("lease:    none that this leader has granted; 0 leased VMs placed there\n");
        assertThat(kelpie.run("describe", "host", "h2").out()).contains("lease:    held, for 1 leased VM\n");
        cluster.put(leased.toBuilder()
                .setRecord(leased.getRecord().toBuilder().setUntilThaw(true))
                .build());
        assertThat(kelpie.run("describe", "host", "h2").out())
                .contains("lease:    held until the thaw, for 1 leased VM\n");
    }

    @Test
    void aVmThatIsNotLeasedSaysWhy() {
        Vm vm = Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1");
        cluster.put(vm);
        assertThat(kelpie.run("describe", "vm", "web-0").out())
                .contains(
                        "leased:       no: its job leaves VMs where they are (onHostFailure: leave); if its host is lost"
                                + " it stays there until an operator says what became of the host\n");

        cluster.put(vm.toBuilder()
                .setRecord(vm.getRecord().toBuilder().setNotLeasedReason("the cluster has one controller only"))
                .build());
        assertThat(kelpie.run("describe", "vm", "web-0").out())
                .contains("leased:       no: the cluster has one controller only; if its host is lost");

        cluster.put(Samples.vm("web", 1, VmState.VM_STATE_STOPPED));
        assertThat(kelpie.run("describe", "vm", "web-1").out())
                .as("no instance, nothing to lease")
                .doesNotContain("leased");
    }

    @Test
    void aJobWithItsVms() {
        cluster.put(Samples.job("web", 2, "RUNNING", 1, "FAILED", 1));
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));

        assertThat(kelpie.run("describe", "job", "web").out())
                .contains("replicas:  2 wanted, 1 RUNNING, 1 FAILED\n")
                .contains("spec:\n  replicas: 2\n")
                .contains(
                        "vms:\n  NAME    STATE     HOST   INCARNATION   AGE   NOTE\n  web-0   RUNNING   h1     1             12s\n");
    }

    @Test
    void severalAtOnceAndWhatIsMissing() {
        cluster.put(Samples.host("h1"));

        Kelpie.Result result = kelpie.run("describe", "host", "h9", "h1");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.out()).startsWith("name:     h1\n");
        assertThat(result.err()).startsWith("error: cannot get host 'h9': there is no host 'h9'\n");
    }

    @Test
    void explainShowsEachRuleAndTheMemoryArithmetic() {
        cluster.put(Samples.host("h1"));
        cluster.explained = ExplainVmResponse.newBuilder()
                .setVm(Samples.vm("web", 0, VmState.VM_STATE_PENDING))
                .setDecision(Samples.noHost())
                .setAsks(Reservation.newBuilder().setVcpus(2).setMemoryMib(65536 + 64 + 1311 + 16))
                .setGuestMemoryMib(65536)
                .setNext("tried again whenever a host changes")
                .build();

        assertThat(kelpie.run("explain", "vm", "web-0").out()).isEqualTo("""
                        vm:       default/web-0
                        state:    PENDING
                        asks:     2 vCPUs, 66927 MiB memory
                        memory:   66927 MiB = 65536 MiB guest + 64 MiB QEMU + 1311 MiB (2 % of the guest) + 16 MiB (8 MiB a vCPU)
                        decision: none can take it, 3 hosts considered, 1s ago
                        next:     tried again whenever a host changes

                        RULE     HOSTS REMOVED   NEAREST   ASKED       FREE       SHORTFALL   FIX
                        memory   2               h1        65536 MiB   7100 MiB   58436 MiB   ask for 6800Mi or less
                        cordon   1               -         -           -          -           kelpie uncordon h2
                        """);
    }

    @Test
    void explainShowsWhereAVmWouldBeStartedIfItsHostWereLost() {
        ExplainVmResponse explained = ExplainVmResponse.newBuilder()
                .setVm(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"))
                .setBackup(BackupPlace.newBuilder().setHostId("id-h2").setHostName("h2"))
                .build();
        cluster.explained = explained;
        assertThat(kelpie.run("explain", "vm", "web-0").out().lines()).contains("host:     h1", "backup:   h2");
        assertThat(kelpie.run("explain", "vm", "web-0", "-o", "yaml").out().lines())
                .containsSequence("backup:", "  hostId: id-h2", "  hostName: h2");

        cluster.explained = explained.toBuilder()
                .setBackup(BackupPlace.newBuilder().setReason("no other host has the room\u001b[2J"))
                .build();
        assertThat(kelpie.run("explain", "vm", "web-0").out().lines())
                .filteredOn(line -> line.startsWith("backup:"))
                .singleElement()
                .asString()
                .startsWith("backup:   none: no other host has the room")
                .doesNotContain("\u001b");

        cluster.explained = explained.toBuilder().clearBackup().build();
        assertThat(kelpie.run("explain", "vm", "web-0").out()).doesNotContain("backup");
    }

    @Test
    void explainShowsHowManyVmsAreAhead() {
        assertThat(queueLine(QueuePlace.State.STATE_READY, 3, 12)).isEqualTo("3 VMs ahead of it, 12 in the queue");
        assertThat(queueLine(QueuePlace.State.STATE_READY, 1, 2)).isEqualTo("1 VM ahead of it, 2 in the queue");
        assertThat(queueLine(QueuePlace.State.STATE_BLOCKED, 0, 1))
                .isEqualTo(
                        "no VM ahead of it, 1 in the queue; it is passed over until something changes that could help"
                                + " it");
        assertThat(queueLine(QueuePlace.State.STATE_WAITING, 2, 4))
                .isEqualTo("2 VMs ahead of it, 4 in the queue; it is passed over for a time");
        assertThat(kelpie.run("explain", "vm", "web-0", "-o", "json").out().replaceAll("\\s", ""))
                .contains("\"queue\":{\"state\":\"WAITING\",\"ahead\":2,\"vms\":4}");
    }

    private String queueLine(QueuePlace.State state, int ahead, int vms) {
        cluster.explained = ExplainVmResponse.newBuilder()
                .setVm(Samples.vm("web", 0, VmState.VM_STATE_PENDING))
                .setQueue(
                        QueuePlace.newBuilder().setState(state).setAhead(ahead).setVms(vms))
                .build();
        return kelpie.run("explain", "vm", "web-0")
                .out()
                .lines()
                .filter(line -> line.startsWith("queue:    "))
                .findFirst()
                .orElseThrow()
                .substring("queue:    ".length());
    }
}
