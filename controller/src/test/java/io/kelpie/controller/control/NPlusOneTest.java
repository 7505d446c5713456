package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Room that is kept for the loss of a host, in the running controller. */
class NPlusOneTest {
    private static final SchedulingPolicy ENFORCED = SchedulingPolicy.DEFAULT.withNPlusOne(NPlusOne.ENFORCE);

    private static Map<String, VmRecord> records(TestController controller) {
        Map<String, VmRecord> records = new HashMap<>();
        controller.model().vms().forEach((name, vm) -> records.put(name.name(), vm.record()));
        return records;
    }

    private static JobSpec job(String name, int replicas, int memoryMib) {
        return TestController.sized(TestController.job(name, replicas), memoryMib);
    }

    @Test
    void allVmsOfALostHostComeBackWhereRoomWasKeptForThem() {
        TestController controller = TestController.leading(ENFORCED);
        List<TestAgent> agents = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            agents.add(controller.leasing("h" + i, 4096));
        }
        controller.apply(job("web", 28, 400));
        controller.settle();
        controller.obey(agents);
        controller.pass(5_500);
        Map<String, VmRecord> before = records(controller);
        List<String> running = before.entrySet().stream()
                .filter(vm -> vm.getValue().getState() == VmState.VM_STATE_RUNNING)
                .map(Map.Entry::getKey)
                .toList();
        assertThat(running).as("as many as fit with one host less, no more").hasSizeBetween(20, 24);
        for (String name : running) {
            VmRecord vm = Objects.requireNonNull(before.get(name));
            assertThat(vm.getBackupHostId()).isNotEmpty().isNotEqualTo(vm.getHostId());
        }
        assertThat(controller.loop.view().orElseThrow().failover().unprotectedVms())
                .isZero();
        String waiting = before.keySet().stream()
                .filter(name -> !running.contains(name))
                .findFirst()
                .orElseThrow();
        assertThat(controller.vm(waiting).decision().orElseThrow().getRulesList())
                .extracting(RuleOutcome::getRule)
                .contains("n-plus-1");

        TestAgent lost = agents.remove(1);
        lost.fallSilent();
        controller.passUntilFenced();
        assertThat(controller.model().host("h1").orElseThrow().health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        controller.obey(agents);
        for (String name : running) {
            VmRecord now = controller.vm(name).record();
            assertThat(now.getState()).as(name).isEqualTo(VmState.VM_STATE_RUNNING);
            VmRecord then = Objects.requireNonNull(before.get(name));
            assertThat(now.getHostId())
                    .as(name)
                    .isEqualTo(then.getHostId().equals(lost.hostId()) ? then.getBackupHostId() : then.getHostId());
        }
        assertThat(controller.state(waiting)).isEqualTo(VmState.VM_STATE_PENDING);
    }

    @Test
    void aNewLeaderSendsTheVmsOfALostHostWhereRoomWasKept() {
        SchedulingPolicy oneByOne = new SchedulingPolicy(400, ENFORCED.packing(), 1, 30, 5, NPlusOne.ENFORCE);
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController first = new TestController(cluster, time, "c1", oneByOne);
        first.loop.start();
        first.settle();
        TestAgent h0 = first.leasing("h0", 4096);
        TestAgent h1 = first.leasing("h1", 4096);
        first.apply(job("web", 6, 400));
        for (int i = 0; i < 8; i++) {
            first.obey(List.of(h0, h1));
            first.pass(1_000);
        }
        assertThat(records(first).values()).extracting(VmRecord::getState).containsOnly(VmState.VM_STATE_RUNNING);
        long onH0 = countOn(first, h0);
        assertThat(onH0).isPositive();

        h0.fallSilent();
        first.passUntilFenced();
        List<VmRecord> waiting = records(first).values().stream()
                .filter(vm -> vm.getState() == VmState.VM_STATE_PENDING)
                .toList();
        assertThat(waiting).as("one is starting").hasSize((int) onH0 - 1);
        assertThat(waiting)
                .allMatch(VmRecord::getReturning)
                .allMatch(vm -> vm.getPreferredHostId().equals(h1.hostId()));

        TestController second = new TestController(cluster, time, "c2", oneByOne);
        second.loop.start();
        first.leadership.loseSession();
        first.settle();
        second.settle();
        TestAgent again = second.agent("h1").memoryMib(4096).canLease().holding(h1);
        records(first, second).forEach(vm -> {
            if (vm.getState() == VmState.VM_STATE_RUNNING && vm.getHostId().equals(h1.hostId())) {
                again.has(vm.getVmId(), vm.getIncarnation(), InstancePhase.INSTANCE_PHASE_RUNNING);
            }
        });
        again.connect();
        for (int i = 0; i < 8; i++) {
            second.pass(1_000);
            second.obey(List.of(again));
        }
        assertThat(records(second).values()).extracting(VmRecord::getState).containsOnly(VmState.VM_STATE_RUNNING);
        assertThat(countOn(second, again)).isEqualTo(6);
    }

    private static List<VmRecord> records(TestController former, TestController present) {
        assertThat(former.loop.view()).isEmpty();
        return List.copyOf(records(present).values());
    }

    private static long countOn(TestController controller, TestAgent agent) {
        return records(controller).values().stream()
                .filter(vm -> vm.getHostId().equals(agent.hostId()))
                .count();
    }

    @Test
    void vmsThatCouldNotComeBackAreTold() {
        TestController controller = TestController.leading(SchedulingPolicy.DEFAULT.withNPlusOne(NPlusOne.WARN));
        List<TestAgent> agents = List.of(controller.leasing("h0", 4096), controller.leasing("h1", 4096));
        JobSpec left = job("left", 2, 400).toBuilder()
                .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_LEAVE)
                .build();
        controller.apply(left);
        controller.apply(job("web", 12, 400));
        controller.settle();
        controller.obey(agents);
        controller.pass(5_500);
        long backedUp = records(controller).values().stream()
                .filter(vm -> vm.getJob().equals("web") && !vm.getBackupHostId().isEmpty())
                .count();
        assertThat(records(controller).values())
                .filteredOn(vm -> vm.getJob().equals("left"))
                .allMatch(vm -> vm.getBackupHostId().isEmpty());
        assertThat(backedUp).isBetween(1L, 11L);
        int unprotected = controller.loop.view().orElseThrow().failover().unprotectedVms();
        assertThat(unprotected).isPositive().isLessThan(12);
        assertThat(controller.loop.view().orElseThrow().warnings().list())
                .anySatisfy(warning -> assertThat(warning)
                        .startsWith("n-plus-1: " + unprotected + " VM")
                        .contains("N+1 is warn")
                        .contains("kelpie capacity"));

        controller.leasing("h2", 8192);
        controller.pass(5_500);
        assertThat(controller.loop.view().orElseThrow().failover().unprotectedVms())
                .isZero();
        assertThat(controller.loop.view().orElseThrow().warnings().list())
                .noneMatch(warning -> warning.startsWith("n-plus-1"));
    }

    @Test
    void aStoppedVmDoesNotComeBackIntoKeptRoom() {
        TestController controller = TestController.leading(ENFORCED);
        List<TestAgent> agents = List.of(controller.leasing("h0", 4096), controller.leasing("h1", 4096));
        controller.apply(job("web", 2, 1_000));
        controller.settle();
        controller.obey(agents);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        control(controller, "web-0", io.kelpie.proto.v1.ControlAction.CONTROL_ACTION_RESTART);
        assertThat(controller.vm("web-0").record().getReturning()).isTrue();
        controller.obey(agents);
        controller.obey(agents);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        control(controller, "web-0", io.kelpie.proto.v1.ControlAction.CONTROL_ACTION_STOP);
        controller.obey(agents);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_STOPPED);
        control(controller, "web-0", io.kelpie.proto.v1.ControlAction.CONTROL_ACTION_START);
        assertThat(controller.vm("web-0").record().getReturning()).isFalse();
    }

    private static void control(TestController controller, String vm, io.kelpie.proto.v1.ControlAction action) {
        controller.call(VmOperations.control(io.kelpie.proto.v1.ControlVmRequest.newBuilder()
                .setNamespace("default")
                .setName(vm)
                .setAction(action)
                .build()));
        controller.settle();
    }

    @Test
    void onlyAChangeOfTheTemplateMakesVmsOutdated() {
        TestController controller = TestController.leading(SchedulingPolicy.DEFAULT);
        List<TestAgent> agents = List.of(controller.leasing("h0", 4096), controller.leasing("h1", 4096));
        controller.apply(job("web", 2, 400));
        controller.settle();
        controller.obey(agents);
        Map<String, VmRecord> before = records(controller);

        JobSpec other = job("web", 3, 400).toBuilder()
                .setPriority(90)
                .setMaxUnavailable(2)
                .setPlacement(Placement.newBuilder()
                        .addAntiAffinity(AffinityRule.newBuilder()
                                .setJob("batch")
                                .setBy("host")
                                .setRequired(true)))
                .build();
        assertThat(TestController.applied(settled(controller, other)).getJob().getOutdated())
                .isZero();
        for (TestAgent agent : agents) {
            assertThat(agent.takeCommands()).noneMatch(Command::hasStop);
        }
        controller.pass(2_000);
        for (String name : before.keySet()) {
            VmRecord now = controller.vm(name).record();
            assertThat(now.getIncarnation()).isEqualTo(1);
            assertThat(now.getState()).isEqualTo(VmState.VM_STATE_RUNNING);
            assertThat(now.getHostId())
                    .isEqualTo(Objects.requireNonNull(before.get(name)).getHostId());
        }

        // What is placed from now on sees the rules as they are.
        controller.apply(job("batch", 2, 100));
        controller.settle();
        List<String> taken = records(controller).values().stream()
                .filter(vm -> vm.getJob().equals("web"))
                .map(VmRecord::getHostId)
                .distinct()
                .toList();
        assertThat(records(controller).values())
                .filteredOn(vm -> vm.getJob().equals("batch"))
                .hasSize(2)
                .noneMatch(vm -> taken.contains(vm.getHostId()));
        JobSpec free = other.toBuilder().clearPlacement().build();
        assertThat(TestController.applied(settled(controller, free)).getJob().getOutdated())
                .isZero();
        controller.pass(2_000);
        assertThat(records(controller).values()).noneMatch(vm -> vm.getHostId().isEmpty());
    }

    private static java.util.concurrent.CompletableFuture<com.google.protobuf.ByteString> settled(
            TestController controller, JobSpec spec) {
        var answer = controller.apply(spec);
        controller.settle();
        return answer;
    }
}
