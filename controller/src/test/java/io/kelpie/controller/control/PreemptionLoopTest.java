package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** VMs that are stopped for others, from the decision to the new place. Each host has room for three large VMs. */
class PreemptionLoopTest {
    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final TestTime time = new TestTime();
    private final TestController controller = controller("c1");

    @Test
    void aVmOfLowerPriorityIsStoppedAndWaitsForAnotherPlace() {
        TestAgent h1 = full("low", 3, 10);
        Command stop = stopFor(large("high", 1, 90), h1);
        String victim = name(stop);
        assertThat(controller.state(victim)).isEqualTo(VmState.VM_STATE_EVICTING);
        assertThat(controller.eventsOf(victim))
                .anyMatch(event -> event.startsWith("Preempted: preempted by VM default/high-0 of priority 90"));
        assertThat(controller.eventsOf("high-0")).anyMatch(event -> event.startsWith("Preempts: a place on h1"));
        assertThat(controller.whyPending("high-0")).contains("a place on h1 is kept for it", victim);

        h1.stopped(stop);
        controller.settle();
        assertThat(h1.takeStarted()).containsExactly("high-0");
        assertThat(controller.vm("high-0").record().getDecision().getHostName()).isEqualTo("h1");
        assertThat(controller.state(victim)).isEqualTo(VmState.VM_STATE_PENDING);
        assertThat(controller.metrics.counter("kelpie_preemptions_total", "").getCount())
                .isEqualTo(1);

        TestAgent h2 = controller.connected("h2");
        controller.pass(2_500);
        assertThat(h2.takeStarted()).containsExactly(victim);
    }

    @Test
    void noMoreVmsOfAJobAreAwayThanItAllows() {
        TestAgent h1 = controller.connected("h1");
        TestAgent h2 = controller.connected("h2");
        controller.apply(large("low", 6, 10));
        controller.settle();
        h1.obey();
        h2.obey();
        controller.settle();
        controller.apply(large("high", 4, 90));
        for (int i = 0; i < 40; i++) {
            controller.pass(500);
            assertThat(away("low")).as("maxUnavailable is 1").isLessThanOrEqualTo(1);
            h1.obey();
            h2.obey();
        }
        assertThat(away("low")).isEqualTo(1);
        assertThat(controller.model().vms().values().stream()
                        .filter(vm -> vm.name().job().name().equals("high"))
                        .filter(vm -> vm.record().getState() == VmState.VM_STATE_RUNNING))
                .hasSize(1);

        TestAgent h3 = controller.connected("h3");
        for (int i = 0; i < 40; i++) {
            controller.pass(500);
            assertThat(away("low")).as("maxUnavailable is 1").isLessThanOrEqualTo(1);
            List.of(h1, h2, h3).forEach(TestAgent::obey);
        }
        assertThat(away("low")).as("9 places for 10 VMs").isEqualTo(1);
        assertThat(away("high")).isZero();
    }

    @Test
    void aVmThatMustNotBeStoppedForOthersIsNot() {
        for (JobSpec kept : List.of(
                large("low", 3, 10).toBuilder()
                        .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_LEAVE)
                        .build(),
                large("low", 3, 50),
                large("low", 3, 90))) {
            TestController other = controller("c2");
            TestAgent h1 = other.connected("h1");
            other.apply(kept);
            other.settle();
            h1.obey();
            other.settle();
            other.apply(large("high", 1, 50));
            other.pass(10_000);
            assertThat(h1.takeCommands()).isEmpty();
            assertThat(other.state("high-0")).isEqualTo(VmState.VM_STATE_PENDING);
        }
    }

    @Test
    void aVmThatKeepsADiskIsNotStoppedForOthers() {
        JobSpec low = large("low", 3, 10);
        TestAgent h1 = controller.connected("h1");
        controller.apply(low.toBuilder()
                .setVm(low.getVm().toBuilder()
                        .addDisks(DataDisk.newBuilder()
                                .setName("data")
                                .setSizeMib(10)
                                .setPool("default")
                                .setKeep(true)))
                .build());
        controller.settle();
        h1.takeCommands().forEach(h1::runsWithKeptDisks);
        controller.settle();
        assertThat(controller.vm("low-0").record().getKeptDisks()).isTrue();
        controller.apply(large("high", 1, 50));
        controller.pass(10_000);

        assertThat(h1.takeCommands()).isEmpty();
    }

    @Test
    void theLeastPriorityStopsNobody() {
        TestAgent h1 = full("low", 3, 0);
        controller.apply(large("other", 1, 0));
        controller.pass(10_000);
        assertThat(h1.takeCommands()).isEmpty();
    }

    @Test
    void thePlaceIsKeptFromOthersUntilItIsFree() {
        TestAgent h1 = full("low", 3, 10);
        Command stop = stopFor(large("high", 1, 90), h1);
        controller.apply(large("other", 1, 90)); // would fit as well, and asks later
        h1.stopped(stop);
        controller.settle();

        assertThat(h1.takeStarted()).contains("high-0").doesNotContain("other-0");
    }

    @Test
    void aMoreImportantVmTakesAKeptPlaceBeforeAnotherIsStopped() {
        TestAgent h1 = full("low", 3, 10);
        Command stop = stopFor(large("high", 1, 50), h1);
        controller.apply(large("urgent", 1, 90));
        controller.settle();
        assertThat(h1.takeCommands()).isEmpty();
        controller.pass(1_500);
        assertThat(controller.eventsOf("high-0")).anyMatch(event -> event.startsWith("PlaceLost: "));

        h1.stopped(stop);
        controller.settle();
        assertThat(h1.takeStarted()).containsExactly("urgent-0");
        assertThat(controller.state("high-0")).isEqualTo(VmState.VM_STATE_PENDING);
    }

    @Test
    void aVmThatAsksForLessMeanwhileNeedsNoPlaceKept() {
        TestAgent h1 = full("low", 3, 10);
        stopFor(large("high", 1, 50), h1);
        controller.apply(TestController.sized(PlacementQueueTest.vms("high", 1, 50), 64));
        controller.settle();

        assertThat(h1.takeStarted()).as("it fits beside the others").containsExactly("high-0");
    }

    @Test
    void aPlaceThatIsNotWantedAnyMoreIsFreeForOthers() {
        TestAgent h1 = full("low", 3, 10);
        Command stop = stopFor(large("high", 1, 90), h1);
        controller.apply(large("high", 0, 90));
        controller.settle();
        h1.stopped(stop);
        controller.pass(3_000);

        assertThat(h1.takeStarted()).containsExactly(name(stop));
    }

    @Test
    void aPlaceThatDoesNotBecomeFreeIsGivenUp() {
        TestAgent h1 = full("low", 3, 10);
        stopFor(large("high", 1, 90), h1);
        h1.disconnect(); // and is never heard again
        controller.pass(Preemptions.PATIENCE_MILLIS + 1_000);

        assertThat(controller.eventsOf("high-0")).anyMatch(event -> event.startsWith("PlaceLost: "));
        assertThat(controller.whyPending("high-0")).doesNotContain("is kept for it");
        TestAgent h2 = controller.connected("h2");
        controller.pass(3_000);
        assertThat(h2.takeStarted()).containsExactly("high-0");
    }

    @Test
    void whatEndsAnywayIsWaitedForAndNobodyElseIsStopped() {
        TestAgent h1 = full("low", 3, 10);
        controller.apply(large("low", 2, 10)); // one of three is being deleted
        controller.settle();
        Command stop = only(h1, Command::hasStop);
        controller.apply(large("high", 1, 90));
        controller.pass(3_000);
        assertThat(h1.takeCommands()).isEmpty();
        assertThat(controller.whyPending("high-0")).contains("on their way out", name(stop));

        h1.stopped(stop);
        controller.settle();
        assertThat(h1.takeStarted()).containsExactly("high-0");
    }

    @Test
    void aNewLeaderWaitsForTheVictimsOfTheFormerAndStopsNobodyElse() {
        TestAgent h1 = full("low", 3, 10);
        Command stop = stopFor(large("high", 1, 90), h1);
        List<VmView> running = new ArrayList<>(controller.model().vms().values());
        running.removeIf(vm -> vm.record().getHostId().isEmpty());

        TestController second = new TestController(cluster, time, "c2");
        second.loop.start();
        controller.leadership.loseSession();
        controller.settle();
        second.settle();
        TestAgent again = second.agent("h1");
        for (VmView vm : running) {
            again.has(vm.record().getVmId(), vm.record().getIncarnation(), InstancePhase.INSTANCE_PHASE_RUNNING);
        }
        again.connect();
        second.pass(3_000);

        List<Command> stops = again.takeCommands();
        assertThat(stops).isNotEmpty().allMatch(Command::hasStop);
        assertThat(stops).extracting(Command::getVmId).containsOnly(stop.getVmId());
        assertThat(second.state("high-0")).isEqualTo(VmState.VM_STATE_PENDING);
        again.stopped(stops.get(0));
        second.settle();
        assertThat(again.takeStarted()).containsExactly("high-0");
    }

    private TestController controller(String id) {
        TestController made = id.equals("c1")
                ? new TestController(cluster, time, id)
                : new TestController(new MemoryCluster(UUID.randomUUID()), new TestTime(), id);
        made.loop.start();
        made.settle();
        return made;
    }

    /** A host where VMs of the job run and nothing more fits. */
    private TestAgent full(String job, int replicas, int priority) {
        TestAgent agent = controller.connected("h1");
        controller.apply(large(job, replicas, priority));
        controller.settle();
        agent.obey();
        controller.settle();
        assertThat(away(job)).isZero();
        return agent;
    }

    /** A job comes for which one VM is stopped; the command that says so. */
    private Command stopFor(JobSpec high, TestAgent agent) {
        controller.apply(high);
        controller.settle();
        return only(agent, Command::hasStop);
    }

    private static JobSpec large(String name, int replicas, int priority) {
        return TestController.sized(PlacementQueueTest.vms(name, replicas, priority), 1_200);
    }

    private long away(String job) {
        return controller.model().vms().values().stream()
                .filter(vm -> vm.name().job().name().equals(job))
                .filter(vm -> vm.record().getState() != VmState.VM_STATE_RUNNING)
                .count();
    }

    private String name(Command command) {
        return controller.model().vms().values().stream()
                .filter(vm -> vm.record().getVmId().equals(command.getVmId()))
                .findFirst()
                .orElseThrow()
                .name()
                .name();
    }

    private static Command only(TestAgent agent, Predicate<Command> kind) {
        List<Command> commands = agent.takeCommands();
        assertThat(commands).hasSize(1).allMatch(kind);
        return commands.get(0);
    }
}
