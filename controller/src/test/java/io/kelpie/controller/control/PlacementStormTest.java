package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A hundred thousand VMs wait at once: what a tick does is counted, not timed. */
class PlacementStormTest {
    private static final int VMS = 100_000;
    private static final int JOBS = 40;
    private static final int HOSTS = 50;

    @Test
    void anImpossibleJobInFrontDelaysNobodyAndEachTickDoesABoundedWork() {
        TestController controller = TestController.leading(SchedulingPolicy.DEFAULT.withoutStartsInFlight());
        controller.apply(impossible());
        for (int i = 0; i < JOBS; i++) {
            controller.apply(job(i));
        }
        controller.settle();
        assertThat(pending(controller)).isEqualTo(VMS + 1);
        long earlier = decisions(controller);

        for (int i = 0; i < HOSTS; i++) {
            controller.agent("h" + i).cpus(VMS).memoryMib(VMS / HOSTS * 334).connect();
        }
        controller.pass(1_000);
        List<Long> perTick = new ArrayList<>();
        while (controller.decisions("placed") < VMS && perTick.size() < VMS) {
            long before = decisions(controller);
            controller.tick();
            perTick.add(decisions(controller) - before);
        }

        assertThat(perTick).allMatch(count -> count <= PlacementRound.DECISIONS_MAX);
        assertThat(perTick)
                .as("no tick is idle while VMs could be placed")
                .hasSizeLessThanOrEqualTo(VMS / PlacementRound.DECISIONS_MAX + 1);
        controller.pass(2_500);
        assertThat(pending(controller)).isEqualTo(1);
        assertThat(controller.state("impossible-0")).isEqualTo(VmState.VM_STATE_PENDING);
        assertThat(Objects.requireNonNull(controller.vm("impossible-0").pendingDecision())
                        .getRulesList())
                .isNotEmpty();
        assertThat(controller.decisions("placed")).isEqualTo(VMS);
        assertThat(decisions(controller) - earlier)
                .as("hardly any decision is in vain")
                .isLessThan(VMS + 1_000);
    }

    private static JobSpec impossible() {
        JobSpec spec = PlacementQueueTest.vms("impossible", 1, 100);
        return spec.toBuilder()
                .setVm(spec.getVm().toBuilder().setMemoryMib(100_000_000))
                .build();
    }

    private static JobSpec job(int number) {
        return PlacementQueueTest.vms("web-" + number, VMS / JOBS, 10).toBuilder()
                .setNamespace("n" + number % 10)
                .build();
    }

    private static long decisions(TestController controller) {
        return controller.decisions("placed") + controller.decisions("rejected");
    }

    private static long pending(TestController controller) {
        return controller.model().vms().values().stream()
                .filter(vm -> vm.record().getState() == VmState.VM_STATE_PENDING)
                .count();
    }
}
