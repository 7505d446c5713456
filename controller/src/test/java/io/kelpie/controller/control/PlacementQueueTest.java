package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.view.VmName;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.VmState;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** VMs that wait for a place, from the submit to the start. */
class PlacementQueueTest {
    private final TestController controller = TestController.leading();

    @Test
    void aHigherPriorityIsPlacedFirst() {
        controller.apply(vms("low", 6, 10));
        controller.apply(vms("high", 6, 90));
        controller.settle();

        TestAgent agent = controller.agent("h1").memoryMib(6 * 334);
        connect(agent);

        assertThat(agent.takeStarted()).hasSize(6).allMatch(name -> name.startsWith("high-"));
        assertThat(placed()).hasSize(6);
    }

    @Test
    void namespacesTakeTurnsHoweverManyVmsOneHas() {
        controller.apply(vms("many", 100, 50));
        controller.settle();
        controller.apply(vms("few", 3, 50).toBuilder().setNamespace("other").build());
        controller.settle();

        TestAgent agent = controller.agent("h1").memoryMib(6 * 334);
        connect(agent);

        assertThat(agent.takeStarted())
                .filteredOn(name -> name.startsWith("few-"))
                .as("every other turn")
                .hasSize(3);
        assertThat(placed()).hasSize(6);
    }

    @Test
    void anImpossibleJobInFrontHoldsNobodyUp() {
        TestAgent agent = controller.connected("h1");
        controller.apply(large("impossible", 2_000, 90));
        controller.apply(vms("web", 5, 10));
        controller.settle();

        assertThat(agent.takeStarted()).hasSize(5).allMatch(name -> name.startsWith("web-"));
        assertThat(controller.decisions("rejected"))
                .as("one decision holds for all of them")
                .isEqualTo(1);
    }

    @Test
    void aVmThatNobodyDecidedOnHasItsReasonsToo() {
        controller.connected("h1");
        controller.apply(large("impossible", 3_000, 90));
        controller.settle();

        assertThat(controller.decisions("rejected")).isEqualTo(1);
        for (VmView vm : List.copyOf(controller.model().vms().values())) {
            Decision decision = Objects.requireNonNull(vm.pendingDecision(), vm.name()::toString);
            assertThat(decision.getRulesList()).extracting(RuleOutcome::getRule).containsExactly("memory");
            assertThat(decision.getIncarnation()).isEqualTo(1);
        }
        ExplainVmResponse explained = Explanations.explain(
                controller.vm("impossible-2999"), Outlook.UNKNOWN, controller.model(), controller.time.wallMillis());
        assertThat(explained.getDecision().getRules(0).getHostsRemoved()).isEqualTo(1);
    }

    @Test
    void aVmThatComesToABlockedClassHasItsReasons() {
        controller.connected("h1");
        controller.apply(large("impossible", 1, 50));
        controller.settle();
        controller.apply(large("alike", 1, 50));
        controller.settle();

        assertThat(Objects.requireNonNull(controller.vm("alike-0").pendingDecision())
                        .getRulesList())
                .extracting(RuleOutcome::getRule)
                .containsExactly("memory");
        assertThat(controller.decisions("rejected")).isEqualTo(1);
    }

    @Test
    void aJobThatAsksForLessIsDecidedOnAnew() {
        TestAgent agent = controller.connected("h1");
        controller.apply(large("web", 2, 50));
        controller.settle();
        assertThat(agent.takeCommands()).isEmpty();

        controller.apply(vms("web", 2, 50));
        controller.settle();

        assertThat(agent.takeStarted()).containsExactlyInAnyOrder("web-0", "web-1");
    }

    @Test
    void aVmThatIsDeletedWhileItWaitsIsForgotten() {
        controller.apply(vms("web", 3, 50));
        controller.settle();
        controller.apply(vms("web", 1, 50));
        controller.settle();

        TestAgent agent = controller.connected("h1");

        assertThat(agent.takeStarted()).containsExactly("web-0");
    }

    @Test
    void aFreedHostWakesWhomItCanHelpAtOnce() {
        TestAgent agent = controller.connected("h1");
        controller.apply(vms("first", 12, 50));
        controller.settle();
        List<Command> starts = agent.takeCommands();
        assertThat(starts).hasSize(12);
        starts.forEach(agent::runs);
        controller.apply(vms("second", 3, 50));
        controller.apply(large("impossible", 3, 50));
        controller.settle();
        long rejected = controller.decisions("rejected");

        controller.apply(vms("first", 11, 50));
        controller.settle();
        agent.obey();
        controller.settle();

        assertThat(agent.takeStarted()).singleElement().asString().startsWith("second-");
        assertThat(controller.decisions("rejected") - rejected)
                .as("the next one of its class finds no place; the impossible ones are not tried")
                .isLessThanOrEqualTo(1);
    }

    @Test
    void aNewLeaderGoesOnWithTheQueue() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController first = new TestController(cluster, time, "c1");
        first.loop.start();
        first.settle();
        first.apply(vms("low", 6, 10));
        first.apply(vms("high", 6, 90));
        first.settle();
        TestController second = new TestController(cluster, time, "c2");
        second.loop.start();
        first.leadership.loseSession();
        first.settle();
        second.settle();

        TestAgent agent = second.agent("h1").memoryMib(6 * 334);
        agent.connect();
        second.pass(2_000);

        assertThat(agent.takeStarted()).hasSize(6).allMatch(name -> name.startsWith("high-"));
    }

    static JobSpec vms(String name, int replicas, int priority) {
        return TestController.job(name, replicas).toBuilder()
                .setPriority(priority)
                .build();
    }

    /** VMs that no host of a test has room for. */
    private static JobSpec large(String name, int replicas, int priority) {
        return TestController.sized(vms(name, replicas, priority), 100_000);
    }

    private void connect(TestAgent agent) {
        agent.connect();
        controller.pass(2_000);
    }

    private List<VmName> placed() {
        return controller.model().vms().values().stream()
                .filter(vm -> vm.record().getState() != VmState.VM_STATE_PENDING)
                .map(VmView::name)
                .toList();
    }
}
