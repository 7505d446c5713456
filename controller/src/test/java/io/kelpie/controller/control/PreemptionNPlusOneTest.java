package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** VMs that are stopped for others where room is kept for the loss of a host. Hosts have room for slots of one VM each. */
class PreemptionNPlusOneTest {
    private static final int SLOT_MIB = 1_200;
    private static final int TWO_SLOTS_MIB = 2_400;

    private final TestController controller =
            TestController.leading(SchedulingPolicy.DEFAULT.withNPlusOne(NPlusOne.ENFORCE));
    private final List<TestAgent> agents = new ArrayList<>();

    /** A VM that was told to stop. */
    private record Stop(TestAgent agent, Command command) {
        void end() {
            agent.stopped(command);
        }
    }

    /**
     * Three slots on h0, six on h1 and on h2. One VM on h0 is not started elsewhere, so a backup more finds room though no VM
     * finds a place.
     */
    private void asManyRunAsMayWithAHostLess() {
        agents.add(controller.leasing("h0", 4_096));
        controller.apply(job("fixed", 1, 10, SLOT_MIB).toBuilder()
                .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_LEAVE)
                .build());
        controller.settle();
        controller.obey(agents);
        agents.add(controller.leasing("h1", 8_192));
        agents.add(controller.leasing("h2", 8_192));
        controller.apply(job("low", 8, 10, SLOT_MIB));
        controller.settle();
        controller.obey(agents);
        assertThat(names(vm -> vm.record().getState() == VmState.VM_STATE_RUNNING))
                .hasSize(9);
        controller.apply(job("more", 1, 10, SLOT_MIB));
        controller.pass(1_000);
        assertThat(controller.state("more-0")).as("N+1 is enforced").isEqualTo(VmState.VM_STATE_PENDING);
    }

    @Test
    void aPlaceIsKeptUntilTheVictimHasEnded() {
        asManyRunAsMayWithAHostLess();
        List<Stop> stops = stopsFor(job("high", 1, 90, SLOT_MIB));
        assertThat(stops).hasSize(1);
        assertThatAPlaceIsKept();
        controller.apply(job("other", 1, 10, SLOT_MIB));
        passUndisturbed();

        stops.get(0).end();
        controller.settle();
        assertThatThePlaceIsGiven(stops.get(0).agent());
    }

    @Test
    void aPlaceIsKeptUntilTheLastVictimHasEnded() {
        asManyRunAsMayWithAHostLess();
        List<Stop> stops = stopsFor(job("high", 1, 90, TWO_SLOTS_MIB));
        assertThat(stops).hasSize(2);
        assertThatAPlaceIsKept();
        controller.apply(job("other", 1, 10, SLOT_MIB));
        passUndisturbed();

        stops.get(0).end(); // what it leaves would do for the other
        passUndisturbed();
        assertThatAPlaceIsKept();

        stops.get(1).end();
        controller.settle();
        assertThatThePlaceIsGiven(stops.get(1).agent());
    }

    /** Of the two hosts each keeps all its room for the other: only what is kept for a victim makes room for a backup. */
    @Test
    void whatWasKeptForAVictimIsKeptForTheOneInItsPlace() {
        agents.add(controller.leasing("h0", 4_096));
        agents.add(controller.leasing("h1", 4_096));
        controller.apply(job("low", 3, 10, SLOT_MIB));
        controller.settle();
        controller.obey(agents);
        controller.apply(job("more", 1, 10, SLOT_MIB));
        controller.pass(1_000);
        assertThat(controller.state("more-0")).as("N+1 is enforced").isEqualTo(VmState.VM_STATE_PENDING);

        List<Stop> stops = stopsFor(job("high", 1, 90, SLOT_MIB));
        assertThat(stops).hasSize(1);
        assertThatAPlaceIsKept();
        controller.apply(job("other", 1, 10, SLOT_MIB));
        passUndisturbed();

        stops.get(0).end();
        controller.settle();
        assertThatThePlaceIsGiven(stops.get(0).agent());
    }

    private void assertThatAPlaceIsKept() {
        assertThat(controller.state("high-0")).isEqualTo(VmState.VM_STATE_PENDING);
        assertThat(controller.whyPending("high-0")).contains("is kept for it");
    }

    /** A while in which nobody else is stopped, or gets a place. */
    private void passUndisturbed() {
        List<String> placed = names(PreemptionNPlusOneTest::isPlaced);
        for (int i = 0; i < 5; i++) {
            controller.pass(1_000);
            assertThatNoPlanBrokeARule();
            assertThat(names(PreemptionNPlusOneTest::isPlaced)).isEqualTo(placed);
            assertThat(stops()).isEmpty();
        }
    }

    /** The VM has its place, its backup is another host, and when its host is lost that is where it runs. */
    private void assertThatThePlaceIsGiven(TestAgent agent) {
        VmRecord high = controller.vm("high-0").record();
        assertThat(high.getHostId()).isEqualTo(agent.hostId());
        assertThat(high.getBackupHostId()).isNotEmpty().isNotEqualTo(agent.hostId());
        controller.obey(agents);
        controller.pass(5_500);
        assertThatNoPlanBrokeARule();
        assertThat(controller.state("other-0")).isEqualTo(VmState.VM_STATE_PENDING);
        assertThat(controller.loop.view().orElseThrow().failover().unprotectedVms())
                .isZero();

        List<String> carried = names(vm -> isPlaced(vm)
                && vm.record().getHostId().equals(agent.hostId())
                && !vm.name().job().name().equals("fixed"));
        assertThat(carried).contains("high-0");
        agents.remove(agent);
        agent.fallSilent();
        controller.passUntilFenced();
        controller.obey(agents);
        for (String name : carried) {
            assertThat(controller.state(name)).as(name).isEqualTo(VmState.VM_STATE_RUNNING);
        }
        assertThat(controller.vm("high-0").record().getHostId()).isEqualTo(high.getBackupHostId());
        assertThatNoPlanBrokeARule();
    }

    /** All of its VMs may be stopped at once. */
    private static JobSpec job(String name, int replicas, int priority, int memoryMib) {
        return TestController.sized(PlacementQueueTest.vms(name, replicas, priority), memoryMib).toBuilder()
                .setMaxUnavailable(replicas)
                .build();
    }

    private List<String> names(Predicate<VmView> which) {
        return vms(which).map(vm -> vm.name().name()).sorted().toList();
    }

    private Stream<VmView> vms(Predicate<VmView> which) {
        return controller.model().vms().values().stream().filter(which);
    }

    private static boolean isPlaced(VmView vm) {
        return switch (vm.record().getState()) {
            case VM_STATE_PLACED, VM_STATE_STARTING, VM_STATE_RUNNING -> true;
            default -> false;
        };
    }

    private void assertThatNoPlanBrokeARule() {
        assertThat(controller.loop.view().orElseThrow().events().latest("cluster", 0, 1_000))
                .noneMatch(event -> event.getType().equals("PlanDropped"));
    }

    private List<Stop> stopsFor(JobSpec high) {
        controller.apply(high);
        controller.settle();
        return stops();
    }

    private List<Stop> stops() {
        List<Stop> stops = new ArrayList<>();
        for (TestAgent agent : agents) {
            for (Command command : agent.takeCommands()) {
                assertThat(command.hasStop()).as(command.toString()).isTrue();
                agent.accept(command);
                stops.add(new Stop(agent, command));
            }
        }
        return stops;
    }
}
